// One block of `new`, kept, and a vector that grows from 4 to 4,096 bytes.
#include <vector>
int main() {
    char *held = new char[123457];
    held[0] = 0;
    std::vector<int> numbers;
    for (int number = 0; number < 1000; number++)
        numbers.push_back(number);
    return held[0];
}
