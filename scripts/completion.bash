# bash completion for twinwalk: verbs, options, and the values of those that name something. Asks the program itself
# (--help, version), so that it tells what this one can do.
_twinwalk()
{
    local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} first=${COMP_WORDS[1]:-} second=${COMP_WORDS[2]:-}
    local verb=("$first") help
    COMPREPLY=()
    # --option=value comes in three words, for = parts them.
    local option=
    if [[ $word == "=" ]]; then
        option=${COMP_WORDS[COMP_CWORD - 1]} word=
    elif ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[COMP_CWORD - 1]} == "=" ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $option in
    --dut) mapfile -t COMPREPLY < <(compgen -W "$("$program" version 2> /dev/null | sed -n 's/^devices under test: *//p')" -- "$word") ;;
    --check) mapfile -t COMPREPLY < <(compgen -W "arch events cycle state" -- "$word") ;;
    --?*)
        compopt -o filenames 2> /dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        ;;
    esac
    [[ -z $option ]] || return 0

    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "$("$program" --help 2> /dev/null | sed -n 's/^  \([a-z]*\) .*/\1/p') --help --version" -- "$word")
        return 0
    fi
    if [[ $first == trace ]]; then
        if ((COMP_CWORD == 2)); then
            mapfile -t COMPREPLY < <(compgen -W "$("$program" trace --help 2> /dev/null | sed -n 's/^  \([a-z]*\) .*/\1/p') --help" -- "$word")
            return 0
        fi
        [[ $second != import && $second != merge ]] || verb+=("$second")
    fi
    if [[ $word == -* ]]; then
        help=$("$program" "${verb[@]}" --help 2> /dev/null | grep -oE '^ +(-[a-zA-Z?], )?--[a-z][a-z0-9-]*(\[?=)?' | grep -oE -- '--[a-z][a-z0-9-]*=?')
        mapfile -t COMPREPLY < <(compgen -W "$help" -- "$word")
        [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2> /dev/null
        return 0
    fi
    compopt -o filenames 2> /dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
}
complete -F _twinwalk twinwalk
# Of the program of a preset, for which bash-completion finds this under its name.
case ${BASH_SOURCE[0]##*/} in twinwalk-*) complete -F _twinwalk "${BASH_SOURCE[0]##*/}" ;; esac
