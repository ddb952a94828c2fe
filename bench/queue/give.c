/* The floor: how fast this machine gives each item to a process of its own, and nothing else.
 *
 * For each of COUNT items a program is started by vfork, gets 100 bytes on its standard input, and
 * what it prints is read to the end. JOBS are in flight; one thread waits for all by poll.
 * Usage: give COUNT JOBS PROGRAM [ARGUMENT...] */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 64, ITEM = 100 };

extern char **environ;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int start(char **argv, pid_t *pid)
{
    int in[2], out[2];
    char item[ITEM];
    memset(item, 'x', sizeof item);
    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
        fail("pipe");
    *pid = vfork();
    if (*pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        execve(argv[0], argv, environ);
        _exit(127);
    }
    if (*pid < 0)
        fail("vfork");
    close(in[0]);
    close(out[1]);
    if (write(in[1], item, sizeof item) != sizeof item)
        fail("write");
    close(in[1]);
    return out[0];
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: give COUNT JOBS PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    long count = atol(argv[1]), jobs = atol(argv[2]), started = 0;
    struct pollfd outs[MOST];
    pid_t pids[MOST];
    char block[65536];
    nfds_t running = 0;
    if (jobs > MOST)
        jobs = MOST;
    while (started < count || running > 0) {
        while (started < count && (long)running < jobs) {
            outs[running].fd = start(argv + 3, &pids[running]);
            outs[running].events = POLLIN;
            running++;
            started++;
        }
        if (poll(outs, running, -1) < 0 && errno != EINTR)
            fail("poll");
        for (nfds_t i = 0; i < running;) {
            if (!outs[i].revents || read(outs[i].fd, block, sizeof block) > 0) {
                i++;
                continue;
            }
            int status;
            close(outs[i].fd);
            if (wait4(pids[i], &status, 0, NULL) < 0 || status != 0)
                fail("wait4");
            running--;
            outs[i] = outs[running];
            pids[i] = pids[running];
        }
    }
    return 0;
}
