// Coroutines of C++20: generators that walk a random tree, resumed from here and from there, with
// exceptions that leave them.
//
// usage: unwound_coroutines FILE SEED. What FILE holds is said in unwound.h.
#include "unwound.h"
#include <coroutine>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

enum { SAMPLES = 12000 };

static uint64_t state;

static unsigned below(unsigned limit) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % limit;
}

struct Generator {
    struct promise_type {
        int value = 0;
        std::exception_ptr thrown;
        Generator get_return_object() { return Generator{std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { sample(); return {}; }
        std::suspend_always final_suspend() noexcept { sample(); return {}; }
        std::suspend_always yield_value(int next) { value = next; sample(); return {}; }
        void return_void() {}
        void unhandled_exception() { thrown = std::current_exception(); }
    };
    std::coroutine_handle<promise_type> handle;

    explicit Generator(std::coroutine_handle<promise_type> from) : handle(from) {}
    Generator(Generator &&other) : handle(std::exchange(other.handle, nullptr)) {}
    ~Generator() { if (handle) handle.destroy(); }

    __attribute__((noinline)) bool next() {
        if (handle.done()) return false;
        handle.resume();
        if (handle.promise().thrown) std::rethrow_exception(std::exchange(handle.promise().thrown, nullptr));
        return !handle.done();
    }
};

struct Sampler { ~Sampler() { sample(); } };

static Generator walk(int depth) {
    Sampler at_the_end;
    sample();
    if (depth > 0) {
        for (unsigned i = 0; i <= below(3); i++) {
            auto below_this = walk(depth - 1);
            while (samples < SAMPLES && below_this.next()) {
                sample();
                co_yield below_this.handle.promise().value + 1;
            }
        }
    }
    if (below(9) == 0) throw depth;
    co_yield depth;
    sample();
}

__attribute__((noinline)) static bool resumed_deeper(Generator &generator, int depth) {
    bool more = depth ? resumed_deeper(generator, depth - 1) : generator.next();
    sample();
    return more;
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    state = strtoull(arguments[2], nullptr, 10);
    std::vector<std::unique_ptr<Generator>> alive(5);
    while (samples < SAMPLES) {
        auto &generator = alive[below(alive.size())];
        if (!generator) generator = std::make_unique<Generator>(walk(below(9)));
        try {
            if (!resumed_deeper(*generator, below(6))) generator.reset();
        } catch (int) {
            sample();
            generator.reset();
        }
    }
    alive.clear();
    printf("%d\n", samples >= SAMPLES);
    return write_samples(arguments[1]);
}
