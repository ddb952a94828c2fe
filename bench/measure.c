/* What a command costs, with everything that it starts: wall time, CPU, memory.
 *
 * Usage: measure RESULT COMMAND [ARGUMENT...]. Writes to the file RESULT one line:
 *     SECONDS  USER+SYSTEM SECONDS  PEAK KIB OF THE LARGEST PROCESS  EXIT CODE
 * It adopts what the command leaves behind, so that no CPU time is lost with a daemon. It is C
 * because the peak of a process begins with that of whoever started it: this one has 1 MiB. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: measure RESULT COMMAND [ARGUMENT...]\n");
        return 2;
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    double start = now(), took = 0;
    pid_t command = vfork(), ended;
    if (command == 0) {
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    int status, code = 127;
    while ((ended = wait(&status)) > 0 || errno == EINTR) {
        if (ended == command) {
            took = now() - start;
            code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
    }
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                 (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    FILE *result = fopen(argv[1], "w");
    if (!result) {
        perror(argv[1]);
        return 2;
    }
    fprintf(result, "%.6f %.6f %ld %d\n", took, cpu, used.ru_maxrss, code);
    return fclose(result) ? 2 : 0;
}
