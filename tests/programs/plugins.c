// Loads libraries one after the other, lets each allocate, and unloads it again: all from one place.
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
    int failed = 0;
    for (int word = 1; word + 1 < count; word += 2)
        failed += visit(words[word], words[word + 1], 5000 + word);
    return count < 3 || failed;
}
