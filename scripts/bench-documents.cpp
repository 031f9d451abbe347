// A program that reads and writes documents: a text of nested objects, lists, names and numbers is
// parsed into a tree, the tree is copied, searched and written again. Each thread does the same work.
//
// usage: bench-documents THREADS ROUNDS. Prints a sum, so that nothing is left out.
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

struct Value {
    virtual ~Value() = default;
    virtual std::unique_ptr<Value> copy() const = 0;
    virtual void write(std::string &out) const = 0;
};

using Pointer = std::unique_ptr<Value>;

struct Number final : Value {
    double value;
    explicit Number(double value) : value(value) {}
    Pointer copy() const override { return std::make_unique<Number>(value); }
    void write(std::string &out) const override { out += std::to_string(value); }
};

struct Text final : Value {
    std::string value;
    explicit Text(std::string value) : value(std::move(value)) {}
    Pointer copy() const override { return std::make_unique<Text>(value); }
    void write(std::string &out) const override { out += '"' + value + '"'; }
};

struct List final : Value {
    std::vector<Pointer> items;
    Pointer copy() const override {
        auto list = std::make_unique<List>();
        for (auto &item : items) list->items.push_back(item->copy());
        return list;
    }
    void write(std::string &out) const override {
        out += '[';
        for (auto &item : items) {
            if (&item != &items.front()) out += ',';
            item->write(out);
        }
        out += ']';
    }
};

struct Object final : Value {
    std::map<std::string, Pointer> members;
    Pointer copy() const override {
        auto object = std::make_unique<Object>();
        for (auto &[name, value] : members) object->members[name] = value->copy();
        return object;
    }
    void write(std::string &out) const override {
        out += '{';
        for (auto &[name, value] : members) {
            if (&name != &members.begin()->first) out += ',';
            out += '"' + name + "\":";
            value->write(out);
        }
        out += '}';
    }
};

class Parser {
    const char *at;
    std::string string() {
        std::string text;
        for (at++; *at != '"'; at++) text += *at;
        at++;
        return text;
    }
    Pointer list() {
        auto list = std::make_unique<List>();
        for (at++; *at != ']'; at += *at == ',') list->items.push_back(value());
        at++;
        return list;
    }
    Pointer object() {
        auto object = std::make_unique<Object>();
        for (at++; *at != '}'; at += *at == ',') {
            std::string name = string();
            at++;
            object->members[name] = value();
        }
        at++;
        return object;
    }

public:
    explicit Parser(const std::string &text) : at(text.c_str()) {}
    Pointer value() {
        switch (*at) {
        case '{': return object();
        case '[': return list();
        case '"': return std::make_unique<Text>(string());
        default:
            char *end;
            double number = std::strtod(at, &end);
            at = end;
            return std::make_unique<Number>(number);
        }
    }
};

// A document of so many levels, of some three to the power of that many values.
static std::string document(int levels) {
    if (levels == 0) return "\"a text that is longer than what is kept within\"";
    std::string inner = document(levels - 1), number = std::to_string(levels * 1.5);
    return "{\"the members of an object\":[" + inner + "," + number + "],\"and another one\":" + inner + ",\"size\":" + number + "}";
}

static size_t work(int rounds) {
    std::string text = document(9);
    size_t sum = 0;
    for (int i = 0; i < rounds; i++) {
        Pointer first = Parser(text).value(), second = first->copy();
        std::string written;
        second->write(written);
        sum += written.size();
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
