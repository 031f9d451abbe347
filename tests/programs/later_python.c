/* A program with the names and the three domains of a CPython of any version, and nothing behind
   them. It counts what it asks for.
   usage: later_python VERSION [PLACE VALUE]: its version, as PY_VERSION_HEX, and a word of what the
   interpreter publishes of itself (as 3.13 does) that is to be another one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    void *context;
    void *(*malloc)(void *, size_t);
    void *(*calloc)(void *, size_t, size_t);
    void *(*realloc)(void *, void *, size_t);
    void (*free)(void *, void *);
} Allocator;

unsigned long Py_Version;
unsigned long _PyRuntime[40000];
unsigned long PyCode_Type[64];

static void *below_malloc(void *context, size_t size) { (void)context; return malloc(size); }
static void *below_calloc(void *context, size_t count, size_t size) { (void)context; return calloc(count, size); }
static void *below_realloc(void *context, void *block, size_t size) { (void)context; return realloc(block, size); }
static void below_free(void *context, void *block) { (void)context; free(block); }

static Allocator domains[3] = {
    {NULL, below_malloc, below_calloc, below_realloc, below_free},
    {NULL, below_malloc, below_calloc, below_realloc, below_free},
    {NULL, below_malloc, below_calloc, below_realloc, below_free},
};

void PyMem_GetAllocator(int domain, Allocator *allocator) { *allocator = domains[domain]; }
void PyMem_SetAllocator(int domain, Allocator *allocator) { domains[domain] = *allocator; }
void *PyThreadState_GetUnchecked(void) { return NULL; }
void *PyGILState_GetThisThreadState(void) { return NULL; }
int Py_IsInitialized(void) { return 0; }

/* before the program begins, as an interpreter has these in its file */
static void prepare(int count, char **arguments) {
    static const int places[] = {184, 192, 232, 240, 248, 264, 280, 296, 304, 312, 344};
    static const int values[] = {72, 152, 8, 0, 56, 70, 112, 128, 136, 68, 200};
    if (count < 2) return;
    Py_Version = strtoul(arguments[1], NULL, 0);
    memcpy(_PyRuntime, "xdebugpy", 8);
    for (unsigned n = 0; n < sizeof places / sizeof *places; n++) _PyRuntime[places[n] / 8] = values[n];
    if (count > 3) _PyRuntime[atoi(arguments[2]) / 8] = strtoul(arguments[3], NULL, 0);
}
__attribute__((section(".preinit_array"), used)) static void (*begin)(int, char **) = prepare;

int main(void) {
    for (int n = 0; n < 1000; n++) {
        void *block = domains[2].malloc(domains[2].context, 1237);
        block = domains[2].realloc(domains[2].context, block, 2237);
        domains[2].free(domains[2].context, block);
    }
    puts("done");
    return 0;
}
