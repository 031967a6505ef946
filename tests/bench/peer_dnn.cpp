// peer_dnn.cpp - OpenCV's side of a network row; the protocol is that of net_worker.c.
//     peer_dnn VARIANT MODE NET THREADS NxCxHxW INPUT
// MODE: forward, load, first (load and the first forward). VARIANT: plain; there is one way only.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <sstream>
#include <string>
#include <vector>

static std::vector<int> shape_of(const std::string &text)
{
    std::vector<int> shape;
    std::istringstream in(text);
    for (std::string n; std::getline(in, n, 'x');)
        shape.push_back(std::stoi(n));
    return shape;
}

static cv::Mat read_picture(const std::string &path, const std::vector<int> &shape)
{
    cv::Mat picture(shape, CV_32F);
    std::ifstream file(path, std::ios::binary);
    file.read(reinterpret_cast<char *>(picture.data), static_cast<std::streamsize>(picture.total() * sizeof(float)));
    return picture;
}

static void dump(const std::string &path, const cv::Mat &result)
{
    std::ofstream file(path, std::ios::binary);
    const std::uint32_t count = static_cast<std::uint32_t>(result.total());
    if (count == 0)
        return;
    file.write(reinterpret_cast<const char *>(&count), sizeof count);
    file.write(reinterpret_cast<const char *>(result.data), static_cast<std::streamsize>(count * sizeof(float)));
}

static int serve(const std::string &mode, const std::string &net, const cv::Mat &picture)
{
    cv::dnn::Net model;
    cv::Mat result;
    if (mode == "forward")
        model = cv::dnn::readNetFromONNX(net + ".onnx");
    std::cout << "ready plain" << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        if (line.rfind("check ", 0) == 0) {
            dump(line.substr(6), result);
            std::cout << "ok" << std::endl;
            continue;
        }
        const auto start = std::chrono::steady_clock::now();
        if (mode != "forward")
            model = cv::dnn::readNetFromONNX(net + ".onnx");
        if (mode != "load") {
            model.setInput(picture);
            result = model.forward();
        }
        const std::chrono::duration<double, std::milli> ms = std::chrono::steady_clock::now() - start;
        std::printf("%.4f\n", ms.count());
        std::fflush(stdout);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 7)
        return 2;
    const std::string variant = argv[1], mode = argv[2];
    if (variant == "choose") {
        std::cout << "ready plain" << std::endl;
        return 0;
    }
    try {
        cv::setNumThreads(std::stoi(argv[4]));
        return serve(mode, argv[3], read_picture(argv[6], shape_of(argv[5])));
    } catch (const cv::Exception &e) {
        std::cout << "wrong " << e.err << std::endl;
        return 1;
    }
}
