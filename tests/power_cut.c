/* What would be left of a file if the power went now? Preloaded into a server, this notes after each fsync how long the
 * file was when that fsync began; the test kills the server and cuts each log to the length noted (tests/power_cut.py).
 * kill -9 alone proves nothing about durability: what the kernel holds survives it. Fits files that only grow. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void note(int descriptor, off_t length) {
    const char *notes = getenv("POWER_CUT_NOTES");
    char link[64], path[4096], note_path[4352], text[32];
    if (notes == NULL) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t read = readlink(link, path, sizeof path - 1);
    if (read <= 0) return;
    path[read] = 0;
    const char *name = strrchr(path, '/');
    snprintf(note_path, sizeof note_path, "%s/%.200s", notes, name ? name + 1 : path);
    int file = open(note_path, O_CREAT | O_WRONLY, 0600);
    if (file < 0) return;
    int size = snprintf(text, sizeof text, "%-20lld", (long long)length); /* one length: a kill cannot leave half a note */
    if (pwrite(file, text, size, 0) != size) abort();
    close(file);
}

static int synced(int descriptor, const char *name) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    struct stat before;
    int known = fstat(descriptor, &before) == 0;
    int result = real(descriptor);
    if (result == 0 && known) note(descriptor, before.st_size);
    return result;
}

int fsync(int descriptor) { return synced(descriptor, "fsync"); }
int fdatasync(int descriptor) { return synced(descriptor, "fdatasync"); }
