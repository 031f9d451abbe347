// Keeps blocks that templates and inlined functions have asked for.
#include <cstdio>
#include <cstdlib>
#include <vector>

struct Point {
    double x, y;
};

template <class T> struct Shelf {
    std::vector<T> items;
    // 333 items, in a vector that does not grow
    __attribute__((noinline)) void fill() { items.reserve(333); }
};

static void *kept;

#define INLINED static inline __attribute__((always_inline))

INLINED void *innermost(size_t size) { return std::malloc(size); }

INLINED void *middle(size_t size) { return innermost(size + 7); }

INLINED void *outermost(size_t size) { return middle(size * 11); }

__attribute__((noinline)) void chain() {
    kept = outermost(7070);
    std::puts("chained");
}

int main() {
    auto *points = new Shelf<Point>;
    points->fill();
    chain();
    std::printf("%p\n", kept);
    return points->items.size();
}
