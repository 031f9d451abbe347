// Exceptions through many frames, and a vector that grows.
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

static int down(int levels, std::vector<std::string> &kept) {
    std::string text(300 + levels, 'x');
    if (!levels) throw std::runtime_error(std::string(500009, 'e'));
    kept.push_back(text);
    return down(levels - 1, kept) + static_cast<int>(text.size());
}

int main() {
    std::size_t caught = 0;
    std::vector<std::string> kept;
    for (int round = 0; round < 50; round++) {
        try {
            down(40, kept);
        } catch (const std::exception &error) {
            caught += std::string(error.what()).size();
        }
    }
    std::printf("%zu %zu\n", caught, kept.size());
}
