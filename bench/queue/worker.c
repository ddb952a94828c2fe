/* A worker that only says that an item is done: what is left of the time is the runner's.
 *
 * Requests come as lines on descriptor IN, replies go to OUT in one write for each block that was
 * read. Usage: worker IN OUT WINDOW */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 1 << 20 };

int main(int argc, char **argv)
{
    static char in[BLOCK], out[BLOCK];
    if (argc < 4)
        return 2;
    int from = atoi(argv[1]), to = atoi(argv[2]);
    size_t held = 0;
    int ready = snprintf(out, BLOCK, "{\"ready\":true,\"window\":%d}\n", atoi(argv[3]));
    if (write(to, out, (size_t)ready) < 0)
        return 1;
    for (;;) {
        ssize_t got = read(from, in + held, sizeof in - held);
        if (got <= 0)
            return got < 0;
        held += (size_t)got;
        size_t said = 0;
        char *line = in, *end;
        while ((end = memchr(line, '\n', (size_t)(in + held - line)))) {
            char *id = strstr(line, "\"id\":\"");
            if (!id || id > end)
                return 3;
            id += 6;
            char *quote = strchr(id, '"');
            said += (size_t)sprintf(out + said, "{\"id\":\"%.*s\",\"ok\":true}\n",
                                    (int)(quote - id), id);
            line = end + 1;
        }
        held -= (size_t)(line - in);
        memmove(in, line, held);
        for (size_t done = 0; done < said;) {
            ssize_t wrote = write(to, out + done, said - done);
            if (wrote <= 0)
                return 1;
            done += (size_t)wrote;
        }
    }
}
