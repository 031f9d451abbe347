// Loads two libraries one after the other, lets each allocate, and unloads it again.
#include <dlfcn.h>
#include <stdio.h>

typedef void *(*allocate)(size_t);

static int visit(const char *path, const char *name, size_t size) {
    void *library = dlopen(path, RTLD_NOW);
    if (!library) {
        puts(dlerror());
        return 1;
    }
    allocate function = (allocate)dlsym(library, name);
    if (!function(size))
        return 1;
    return dlclose(library);
}

int main(int count, char **words) {
    if (count < 5)
        return 2;
    int failed = visit(words[1], words[2], 5001);
    failed += visit(words[3], words[4], 5003);
    return failed;
}
