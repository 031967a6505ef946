// peer_ncnn.cpp - ncnn's side of a network row, where its library is installed; the protocol is that of net_worker.c.
//     peer_ncnn VARIANT MODE NET THREADS NxCxHxW INPUT
// Networks that are a chain of convolutions, relu and max pooling: their architecture text becomes ncnn's, each relu
// fused to its convolution as ncnn's own converters do. MODE: forward. VARIANT: fp32; halves are switched off.
#if __has_include(<ncnn/net.h>)
#include <ncnn/net.h>
#else
#include <net.h>
#endif
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

using Section = std::map<std::string, std::string>;

static std::string read_file(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

static std::string trimmed(const std::string &s)
{
    const auto from = s.find_first_not_of(" \t\r");
    return from == std::string::npos ? "" : s.substr(from, s.find_last_not_of(" \t\r") - from + 1);
}

static std::vector<Section> read_ini(const std::string &path)
{
    std::vector<Section> sections;
    std::istringstream in(read_file(path));
    for (std::string line; std::getline(in, line);) {
        line = trimmed(line);
        const auto equal = line.find('=');
        if (!line.empty() && line[0] == '[')
            sections.push_back({{"name", line.substr(1, line.find(']') - 1)}});
        else if (!line.empty() && line[0] != ';' && equal != std::string::npos && !sections.empty())
            sections.back()[trimmed(line.substr(0, equal))] = trimmed(line.substr(equal + 1));
    }
    return sections;
}

// The bytes of a tensor in a safetensors file: its entry says "data_offsets":[BEGIN,END], counted from the header's end.
static std::string tensor(const std::string &file, const std::string &name)
{
    std::uint64_t header = 0;
    std::memcpy(&header, file.data(), sizeof header);
    const auto entry = file.find('"' + name + "\":{", 8);
    const auto offsets = file.find("\"data_offsets\":[", entry);
    unsigned long long begin = 0, end = 0;
    if (entry > header || std::sscanf(file.c_str() + offsets, "\"data_offsets\":[%llu,%llu]", &begin, &end) != 2)
        throw std::runtime_error("no tensor " + name);
    return file.substr(8 + header + begin, end - begin);
}

static int number(const Section &s, const std::string &key, int otherwise)
{
    const auto it = s.find(key);
    return it == s.end() ? otherwise : std::stoi(it->second);
}

struct Converted {
    std::string param, model, output;
};

// Layers "TYPE NAME 1 1 BOTTOM TOP 0=.. 1=.." and, for each convolution, a flag word of zero (fp32), weights and bias.
static Converted convert(const std::vector<Section> &sections, const std::string &weights)
{
    Converted c;
    std::string layers = "Input picture 0 1 picture\n", before = "picture";
    int count = 1;
    for (std::size_t i = 0; i < sections.size(); i++) {
        Section s = sections[i];
        const std::string op = s["op"], name = s["name"], head = " " + name + " 1 1 " + before + " " + name;
        if (op == "conv") {
            const bool relu = i + 1 < sections.size() && sections[i + 1].count("op") && sections[i + 1].at("op") == "relu";
            const std::string w = tensor(weights, s["weight"]), b = tensor(weights, s["bias"]);
            layers += "Convolution" + head + " 0=" + s["filters"] + " 1=" + s["kernel"] + " 3=" + std::to_string(number(s, "stride", 1)) +
                      " 4=" + std::to_string(number(s, "pad", 0)) + " 5=1 6=" + std::to_string(w.size() / 4) + (relu ? " 9=1\n" : "\n");
            c.model += std::string(4, '\0') + w + b;
        } else if (op == "max_pool") {
            layers += "Pooling" + head + " 0=0 1=" + s["kernel"] + " 2=" + std::to_string(number(s, "stride", 1)) + " 5=1\n";
        } else if (op == "relu" || op.empty() || op == "input") {
            continue;
        } else {
            throw std::runtime_error("no rule for " + op);
        }
        before = name;
        count++;
    }
    c.param = "7767517\n" + std::to_string(count) + " " + std::to_string(count) + "\n" + layers;
    c.output = before;
    return c;
}

static void dump(const std::string &path, const ncnn::Mat &m)
{
    std::ofstream file(path, std::ios::binary);
    const std::uint32_t count = static_cast<std::uint32_t>(m.w * m.h * m.c);
    file.write(reinterpret_cast<const char *>(&count), sizeof count);
    for (int q = 0; q < m.c; q++) // channels are padded
        file.write(reinterpret_cast<const char *>(static_cast<const float *>(m.channel(q))), std::streamsize(m.w) * m.h * 4);
}

static void serve(const std::string &net_path, int threads, int side, const std::string &input)
{
    const Converted c = convert(read_ini(net_path + ".ini"), read_file(net_path + ".safetensors"));
    std::vector<std::uint32_t> model((c.model.size() + 3) / 4);
    std::memcpy(model.data(), c.model.data(), c.model.size()); // aligned; ncnn reads from there, later too
    ncnn::Net net;
    net.opt.num_threads = threads;
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = net.opt.use_bf16_storage = false;
    if (net.load_param_mem(c.param.c_str()) || !net.load_model(reinterpret_cast<const unsigned char *>(model.data())))
        throw std::runtime_error("ncnn does not take the network");
    const std::string bytes = read_file(input);
    ncnn::Mat picture(side, side, 3), result;
    for (int q = 0; q < 3; q++)
        std::memcpy(static_cast<float *>(picture.channel(q)), bytes.data() + std::size_t(q) * side * side * 4, std::size_t(side) * side * 4);
    std::cout << "ready fp32" << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        if (line.rfind("check ", 0) == 0) {
            dump(line.substr(6), result);
            std::cout << "ok" << std::endl;
            continue;
        }
        const auto start = std::chrono::steady_clock::now();
        ncnn::Extractor step = net.create_extractor();
        step.input("picture", picture);
        step.extract(c.output.c_str(), result);
        const std::chrono::duration<double, std::milli> ms = std::chrono::steady_clock::now() - start;
        std::cout << ms.count() << std::endl;
    }
}

int main(int argc, char **argv)
{
    if (argc < 7)
        return 2;
    if (std::string(argv[1]) == "choose") {
        std::cout << "ready fp32" << std::endl;
        return 0;
    }
    try {
        const std::string shape = argv[5];
        serve(argv[3], std::stoi(argv[4]), std::stoi(shape.substr(shape.rfind('x') + 1)), argv[6]);
    } catch (const std::exception &e) {
        std::cout << "wrong " << e.what() << std::endl;
        return 1;
    }
}
