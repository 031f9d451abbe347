// A program that does little but allocate: maps of strings, trees built by recursion, vectors that
// grow. Each thread does the same work.
//
// usage: bench-allocations THREADS ROUNDS. Prints a sum, so that nothing is left out.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

struct Node {
    std::unique_ptr<Node> left, right;
    std::string name;
};

static std::unique_ptr<Node> grow(int depth) {
    if (depth == 0) return nullptr;
    auto node = std::make_unique<Node>();
    node->left = grow(depth - 1);
    node->name = "a name that is too long to be kept inside " + std::to_string(depth);
    node->right = grow(depth - 1);
    return node;
}

static size_t count(const Node *node) {
    return node ? 1 + node->name.size() % 2 + count(node->left.get()) + count(node->right.get()) : 0;
}

static size_t words(int n) {
    std::unordered_map<std::string, std::vector<int>> index;
    for (int i = 0; i < n; i++)
        index["the key of an entry, number " + std::to_string(i % 97)].push_back(i);
    std::map<int, std::string> sorted;
    for (auto &entry : index) sorted[entry.second.size()] = entry.first;
    return index.size() + sorted.size();
}

static size_t work(int rounds) {
    size_t sum = 0;
    for (int i = 0; i < rounds; i++) {
        auto tree = grow(10);
        sum += count(tree.get()) + words(1000);
    }
    return sum;
}

int main(int arguments, char **argument) {
    if (arguments != 3) return 2;
    int threads = std::atoi(argument[1]), rounds = std::atoi(argument[2]);
    std::vector<size_t> sums(threads);
    std::vector<std::thread> all;
    for (int i = 1; i < threads; i++) all.emplace_back([&sums, i, rounds] { sums[i] = work(rounds); });
    sums[0] = work(rounds);
    for (auto &thread : all) thread.join();
    size_t total = 0;
    for (size_t sum : sums) total += sum;
    std::printf("%zu\n", total);
}
