/* The floor: how fast this machine starts, runs and reaps a program, and nothing else.
 *
 * One thread, vfork + exec + wait4, JOBS in flight. Usage: floor COUNT JOBS PROGRAM [ARGUMENT...]
 * Prints starts per second and CPU microseconds per start, of itself and its children. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double cpu(int who)
{
    struct rusage used;
    getrusage(who, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: floor COUNT JOBS PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    long count = atol(argv[1]), jobs = atol(argv[2]), running = 0, started = 0;
    double start = now();
    while (started < count || running > 0) {
        if (started < count && running < jobs) {
            pid_t child = vfork();
            if (child == 0) {
                execve(argv[3], argv + 3, environ);
                _exit(127);
            }
            if (child < 0) {
                perror("vfork");
                return 1;
            }
            started++;
            running++;
            continue;
        }
        int status;
        if (wait4(-1, &status, 0, NULL) < 0) {
            perror("wait4");
            return 1;
        }
        if (status != 0) {
            fprintf(stderr, "a child ended with status %d\n", status);
            return 1;
        }
        running--;
    }
    double took = now() - start;
    double used = cpu(RUSAGE_SELF) + cpu(RUSAGE_CHILDREN);
    printf("%.0f starts/s  %.0f us\n", (double)count / took, used / (double)count);
    return 0;
}
