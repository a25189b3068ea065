#!/usr/bin/env bash
# A Slurm of one's own on this machine, on loopback, for a try or a test of `make regress ON=slurm`; as root, without
# systemd, munge or a database.
#
#   scripts/slurm_here.sh start FOLDER [NODES]   everything of it lies in FOLDER; then: export SLURM_CONF=FOLDER/slurm.conf
#   scripts/slurm_here.sh stop FOLDER
#
# Each of the NODES (2) is this machine again, with all its processors. Exit status (tb/base/exits.h): 0, 2 wrong usage,
# 4 there is no Slurm here, or nobody who may run one, 7 it does not come up; the reason in one line.
set -eu
verb=${1:-} folder=${2:-} nodes=${3:-2}
fail() {
    echo "slurm: $1" >&2
    exit "$2"
}
[ "$folder" ] || fail "which folder? scripts/slurm_here.sh start|stop FOLDER" 2
export PATH=$PATH:/usr/sbin

stop() {
    local file pid
    for file in "$folder"/*.pid; do
        pid=$(cat "$file" 2> /dev/null) || continue
        # Only what is one of its daemons still.
        case $(cat "/proc/$pid/comm" 2> /dev/null) in slurmd | slurmctld) kill "$pid" ;; esac
    done
    for _ in $(seq 50); do
        pgrep -f "slurm(d|ctld) .*-f $folder/slurm.conf" > /dev/null || return 0
        sleep 0.1
    done
}

start() {
    local tool at number port host
    for tool in slurmctld slurmd sinfo sbatch; do
        command -v $tool > /dev/null || fail "$tool is not in PATH (Debian: slurm-wlm)" 4
    done
    [ "$(id -u)" -eq 0 ] || fail "only root runs one" 4
    mkdir -p "$folder/state" "$folder/spool"
    folder=$(realpath "$folder")
    host=$(hostname -s)
    port=$((20000 + $$ % 20000))
    {
        echo "ClusterName=here
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
AuthType=auth/none
AuthInfo=cred_expire=5
CredType=cred/none
SlurmUser=root
SlurmdUser=root
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SlurmdTimeout=10
KillWait=2
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool/%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd-%n.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd-%n.log
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP"
        for number in $(seq "$nodes"); do
            echo "NodeName=here$number NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + number)) CPUs=$(nproc) State=UNKNOWN"
        done
    } > "$folder/slurm.conf"
    export SLURM_CONF=$folder/slurm.conf
    slurmctld -f "$SLURM_CONF" > "$folder/said" 2>&1 < /dev/null || fail "slurmctld does not start: $(tail -n 1 "$folder/said")" 7
    for number in $(seq "$nodes"); do
        mkdir -p "$folder/spool/here$number"
        slurmd -N "here$number" -f "$SLURM_CONF" > "$folder/said" 2>&1 < /dev/null || fail "slurmd does not start: $(tail -n 1 "$folder/said")" 7
    done
    for at in $(seq 150); do
        [ "$(sinfo -h -o %D -t idle 2> /dev/null)" = "$nodes" ] && return 0
        sleep 0.2
    done
    stop
    fail "its nodes do not come up in 30 s: $(tail -n 1 "$folder/slurmctld.log"); see $folder" 7
}

case $verb in
start) start ;;
stop) folder=$(realpath "$folder") && stop ;;
*) fail "$verb: start or stop" 2 ;;
esac
