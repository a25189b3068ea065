"""How a script ends that runs tools: whatever stops it is one line, and a status of tb/base/exits.h."""
import json
import signal
import sys

OUTPUT, INTERRUPTED = 6, 130


def run(who, main):
    """Runs main with the words of the command line; its status, or that of what stopped it: a signal, a file that
    cannot be used."""
    def stop(*_):
        raise KeyboardInterrupt
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        return main(sys.argv[1:])
    except KeyboardInterrupt:
        print(f"{who}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        print(f"{who}: {error.filename or 'standard output'}: {error.strerror or error}", file=sys.stderr)
        return OUTPUT


def whole(path):
    """The JSON that a tool has written, for tools do not look whether there was room."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise OSError(0, "is not whole: is the disk full?", str(path)) from error
