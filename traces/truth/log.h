/* The log of a native run: what the kernel did with a command's address spaces, one fact a line, words parted by
 * blanks, addresses in hexadecimal. `twinwalk-truth run` writes it; `twinwalk-truth relocate` and scripts/truth.py read
 * it.
 *
 *     twinwalk-truth 1                                the first line
 *     kernel RELEASE
 *     task T PARENT FLAGS                             a task begins (T counts from 0; FLAGS as enum trace_task_flag of
 *                                                     CLONE)
 *     exec T MINOR MINOR FILE                         it executes a program: minor faults before execve and after it
 *     sp T ADDRESS                                    its first stack pointer
 *     map T START END RIGHTS OFFSET [NAME]            its layout, directly behind exec
 *     call T NUMBER A1 A2 A3 A4 A5 A6 RESULT          a system call that changes mappings, at its return
 *     fault T ADDRESS IP u|k                          a minor or major fault, taken in user or in kernel code
 *     lost T N                                        so many faults had no room in the kernel's buffer
 *     exit T MINOR MAJOR                              it ends: faults of its process until now, threads together
 *     status T KEY VALUE                              behind the exit of a process's leader: lines of /proc/PID/status
 *                                                     and smaps_rollup,
 *     smaps T START END RIGHTS OFFSET [NAME]          and of smaps, each followed by its values:
 *     size T KEY VALUE                                (KiB)
 *     wait T STATUS MINOR MAJOR MAXRSS                what wait4 said of the first process */
#ifndef TWINWALK_TRUTH_LOG_H
#define TWINWALK_TRUTH_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define TRUTH_HEAD "twinwalk-truth 1"

/* Reads /proc/PID/maps of the task as `map` lines. */
void log_maps(FILE *log, int pid, unsigned task);
/* The `status`, `smaps` and `size` lines of a process that stands still. */
void log_memory(FILE *log, int pid, unsigned task);
/* Faults of the process so far, from /proc/PID/stat; false when it cannot be read. */
bool faults_so_far(int pid, uint64_t *minor, uint64_t *major);

#endif
