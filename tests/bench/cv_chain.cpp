// cv_chain.cpp - the folder chain by OpenCV, 8 bit throughout: cv_chain OUT THREADS FILE...
#include <cmath>
#include <cstdlib>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

static bool chain(const std::string &in, const std::string &out, const cv::Mat &gamma)
{
    cv::Mat picture = cv::imread(in, cv::IMREAD_COLOR), half, soft, bright, grey, rich;
    if (picture.empty())
        return false;
    cv::resize(picture, half, cv::Size(), 0.5, 0.5, cv::INTER_AREA);
    cv::GaussianBlur(half, soft, cv::Size(), 1.5);
    cv::LUT(soft, gamma, bright);
    cv::cvtColor(bright, grey, cv::COLOR_BGR2GRAY);
    cv::cvtColor(grey, grey, cv::COLOR_GRAY2BGR);
    cv::addWeighted(bright, 1.2, grey, -0.2, 0, rich);
    return cv::imwrite(out, rich, {cv::IMWRITE_JPEG_QUALITY, 90});
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    cv::setNumThreads(std::atoi(argv[2]));
    cv::Mat gamma(1, 256, CV_8U);
    for (int i = 0; i < 256; i++)
        gamma.at<unsigned char>(i) = cv::saturate_cast<unsigned char>(255 * std::pow(i / 255.0, 1 / 1.1));
    for (int i = 3; i < argc; i++) {
        const std::string in = argv[i];
        if (!chain(in, std::string(argv[1]) + "/" + in.substr(in.rfind('/') + 1), gamma))
            return 1;
    }
    return 0;
}
