int one(int number), two(int number);

int main(void) {
    return one(1) + two(2) == 0;
}
