/* Names moments of a program for memprof, the memory profiler.
 *
 *     memprof_point("loaded");
 *     memprof_begin("request");  ...  memprof_end("request");
 *
 * There is nothing to link: the function is there when the program is recorded, and otherwise a
 * mark is one comparison with null. */
#ifndef MEMPROF_H
#define MEMPROF_H

#ifdef __cplusplus
extern "C" {
#endif

extern void memprof_mark(int kind, const char *name) __attribute__((weak));

#define MEMPROF_MARK_(kind, name) ((void)(memprof_mark ? (memprof_mark((kind), (name)), 0) : 0))

/* This moment. */
#define memprof_point(name) MEMPROF_MARK_(0, (name))
/* The begin and the end of a span; spans nest. */
#define memprof_begin(name) MEMPROF_MARK_(1, (name))
#define memprof_end(name) MEMPROF_MARK_(2, (name))

#ifdef __cplusplus
}
#endif
#endif
