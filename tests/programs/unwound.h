// Blocks of sizes that nothing else has, and the stack of each as libgcc's unwinder tells it.
//
// sample() makes one and forgets it; write_samples(FILE) writes 64-bit numbers: the start of the
// interpreter's evaluation function or 0, then for each block its bytes, how many frames follow, and
// of each frame, innermost first, the instruction and the start of its function.
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { FIRST_SIZE = 2000, MOST_SAMPLES = 30000, MOST_WORDS = 1 << 23 };

static uint64_t words[MOST_WORDS];
static size_t used;
static int samples;
// the function that is the outermost one wherever it stands, if any
static uint64_t outermost;

static _Unwind_Reason_Code tell_frame(struct _Unwind_Context *context, void *unused) {
    (void)unused;
    uint64_t ip = _Unwind_GetIP(context);
    Dl_info object;
    // the frames of the recording library are no part of a recording
    if (ip && dladdr((void *)(uintptr_t)ip, &object) && strstr(object.dli_fname, "memprof_preload")) return _URC_NO_REASON;
    if (ip && used + 4 < MOST_WORDS) {
        uint64_t function = (uint64_t)(uintptr_t)_Unwind_FindEnclosingFunction((void *)(uintptr_t)(ip - 1));
        words[used++] = ip;
        words[used++] = function;
        if (outermost && function == outermost) return _URC_END_OF_STACK;
    }
    return _URC_NO_REASON;
}

__attribute__((used)) void end_stacks_with(uint64_t function) { outermost = function; }

// What is made of the block last keeps the call from being the function's last, which would leave no frame.
__attribute__((noinline, used)) int sample(void) {
    if (samples >= MOST_SAMPLES || used + 4096 > MOST_WORDS) return samples;
    size_t size = FIRST_SIZE + samples++;
    free(malloc(size));
    words[used] = size;
    size_t count = used + 1;
    used += 2;
    _Unwind_Backtrace(tell_frame, NULL);
    words[count] = (used - count - 1) / 2;
    return samples;
}

__attribute__((used)) int write_samples(const char *path) {
    uint64_t evaluation = (uint64_t)(uintptr_t)dlsym(RTLD_DEFAULT, "_PyEval_EvalFrameDefault");
    FILE *file = fopen(path, "wb");
    if (!file) return 1;
    size_t written = fwrite(&evaluation, 8, 1, file) + fwrite(words, 8, used, file);
    return fclose(file) != 0 || written != used + 1;
}

#ifdef __cplusplus
}
#endif
