/* Embeds an interpreter: linked, or loaded by dlopen; begins and ends it twice; a thread of C's own
   calls into it. usage: embed LIBRARY|- */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void (*initialize)(int), (*finalize)(void);
static int (*run)(const char *), (*ensure)(void);
static void (*release)(int);
static void *(*save)(void);
static void (*restore)(void *);

static void *thread(void *unused) {
    int state = ensure();
    int inner = ensure();
    run("def in_thread(): return bytearray(345678 + round)\nlate = in_thread()\ndel late");
    release(inner);
    release(state);
    return unused;
}

static void *symbol(void *library, const char *name) {
    void *found = dlsym(library, name);
    if (!found) { fprintf(stderr, "no %s\n", name); exit(3); }
    return found;
}

int main(int count, char **arguments) {
    (void)count;
    void *library = arguments[1][0] == '-' ? RTLD_DEFAULT : dlopen(arguments[1], RTLD_NOW | RTLD_GLOBAL);
    if (!library && arguments[1][0] != '-') { fprintf(stderr, "%s\n", dlerror()); return 2; }
    initialize = symbol(library, "Py_InitializeEx");
    finalize = symbol(library, "Py_Finalize");
    run = symbol(library, "PyRun_SimpleString");
    ensure = symbol(library, "PyGILState_Ensure");
    release = symbol(library, "PyGILState_Release");
    save = symbol(library, "PyEval_SaveThread");
    restore = symbol(library, "PyEval_RestoreThread");
    for (int round = 0; round < 2; round++) {
        char text[400];
        initialize(round);
        snprintf(text, sizeof text,
                 "round = %d\ndef inner(): return [tuple([n] * 57) for n in range(1000, 2000)]\n"
                 "def outer(): return inner()\nkept = outer()\nblock = bytearray(234567 + round)\n"
                 "import sys\nprint(sys.version_info[:2], len(kept), flush=True)", round);
        if (run(text)) return 4;
        void *state = save();
        pthread_t one;
        pthread_create(&one, NULL, thread, NULL);
        pthread_join(one, NULL);
        restore(state);
        finalize();
    }
    if (library != RTLD_DEFAULT) dlclose(library);
    free(malloc(123457));
    return 0;
}
