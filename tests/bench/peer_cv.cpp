// peer_cv.cpp - OpenCV's side of the filter bench.
#include "peers.h"
#include <opencv2/imgproc.hpp>
#include <opencv2/core.hpp>

static cv::Mat picture;

void cv_prepare(unsigned width, unsigned height, const unsigned char *rgb)
{
    cv::setNumThreads(2);
    picture = cv::Mat((int)height, (int)width, CV_8UC3, const_cast<unsigned char *>(rgb)).clone();
}

static void gamma_table(cv::Mat &out)
{
    cv::Mat table(1, 256, CV_8U);
    for (int i = 0; i < 256; i++)
        table.at<unsigned char>(i) = cv::saturate_cast<unsigned char>(255 * std::pow(i / 255.0, 1 / 1.25));
    cv::LUT(picture, table, out);
}

static void turned(cv::Mat &out)
{
    const cv::Point2f centre((float)picture.cols / 2, (float)picture.rows / 2);
    cv::warpAffine(picture, out, cv::getRotationMatrix2D(centre, 7, 1), picture.size(), cv::INTER_CUBIC);
}

static bool run(enum bench_op op, cv::Mat &out)
{
    cv::Mat more;
    switch (op) {
    case OP_HALF: cv::resize(picture, out, cv::Size(), 0.5, 0.5, cv::INTER_AREA); return true;
    case OP_LANCZOS: cv::resize(picture, out, cv::Size(), 0.4, 0.4, cv::INTER_LANCZOS4); return true;
    case OP_BLUR2: cv::GaussianBlur(picture, out, cv::Size(), 2.0, 0, cv::BORDER_REFLECT); return true;
    case OP_BLUR20: cv::GaussianBlur(picture, out, cv::Size(), 20.0, 0, cv::BORDER_REFLECT); return true;
    case OP_SHARPEN:
        cv::GaussianBlur(picture, more, cv::Size(), 1.0, 0, cv::BORDER_REFLECT);
        cv::addWeighted(picture, 2, more, -1, 0, out);
        return true;
    case OP_MEDIAN1: cv::medianBlur(picture, out, 3); return true;
    case OP_MEDIAN5: cv::medianBlur(picture, out, 11); return true;
    case OP_EDGES: {
        cv::Mat grey, dx, dy;
        cv::cvtColor(picture, grey, cv::COLOR_RGB2GRAY);
        cv::Sobel(grey, dx, CV_32F, 1, 0);
        cv::Sobel(grey, dy, CV_32F, 0, 1);
        cv::magnitude(dx, dy, out);
        return true;
    }
    case OP_GAMMA: gamma_table(out); return true;
    case OP_GREY: cv::cvtColor(picture, out, cv::COLOR_RGB2GRAY); return true;
    case OP_NEGATE: cv::bitwise_not(picture, out); return true;
    case OP_FLIP: cv::flip(picture, out, 1); return true;
    case OP_ROTATE90: cv::rotate(picture, out, cv::ROTATE_90_CLOCKWISE); return true;
    case OP_ROTATE7: turned(out); return true;
    case OP_CROP: out = picture(cv::Rect(picture.cols / 4, picture.rows / 4, picture.cols / 2, picture.rows / 2)).clone(); return true;
    default: return false;
    }
}

bool cv_run(enum bench_op op)
{
    cv::Mat out;
    return run(op, out);
}
