/* plugin.cpp - @NAME@: a filter that looks through a neural network, to start from.
 *
 * Networks are a service, "impasto.nn.model/1" (impasto/nn.h): this plugin names it in `needs`, gets its table from
 * the host, and runs the model that comes in on a port. It knows nothing of files or formats, and whoever provides
 * the service will do. impasto/impasto.h says all there is to know about filters, impasto.hpp turns statuses into
 * exceptions. */
#include <impasto/impasto.hpp>
#include <impasto/nn.h>
#include <algorithm>
#include <cmath>

namespace {

enum { P_LAYER };
constexpr imp_param parameters[] = {
    imp::text("layer", IMP_TEXT, "", "Name of the layer to look at; nothing: the last one that has maps."),
};
constexpr imp_port inputs[] = {
    imp::picture("in", "A picture.", 0, 1u << 3, 1u << IMP_SRGB),
    imp::object("net", IMP_NN_MODEL_TYPE, "The network, of net.load for instance."),
};
constexpr imp_port outputs[] = {
    imp::picture("out", "Where the layer is active, black to white, as large as the picture."),
};

using nn_service = imp::service<imp_nn_model_1>;
using nn = imp_nn_model_1;

/* An evaluation, given back when it ends. */
class evaluation {
public:
    evaluation(const nn_service &service, imp_nn_model *model) : service(service)
    {
        service.call(&nn::run_new, model, uint32_t(IMP_NN_LEAN), &run);
    }
    evaluation(const evaluation &) = delete;
    evaluation &operator=(const evaluation &) = delete;
    ~evaluation() { service->run_free(service.self(), run, nullptr); }
    imp_nn_run *get() const { return run; }

private:
    const nn_service &service;
    imp_nn_run *run = nullptr;
};

/* An instance holds the service: acquired when it is made, given back when it goes. */
class look {
public:
    look(const imp_host *host, imp::params p) : service(host, IMP_NN_MODEL_1), layer(p.text(P_LAYER)) {}

    void process(imp::job &job) const
    {
        const imp::const_image in = job.picture(0);
        auto *model = job.object<imp_nn_model>(1); /* borrowed */
        int64_t shape[4] = {1};
        const uint32_t input = find_input(model, in, shape), node = find_layer(model, input);
        const evaluation run(service, model);

        auto *data = job.scratch<float>(uint64_t(shape[1] * shape[2] * shape[3]));
        fill(in, shape, data);
        imp_tensor tensor = {{sizeof tensor, IMP_TENSOR}, IMP_F32, 4, shape, nullptr, data, nullptr};
        imp_tensor value = {{sizeof value, IMP_TENSOR}, 0, 0, nullptr, nullptr, nullptr, nullptr};
        service.call(&nn::set_input, run.get(), input, &tensor);
        service.call(&nn::forward, run.get(), node, job.get()); /* asks whether to stop */
        service.call(&nn::value, run.get(), node, &value);
        if (value.ndim != 4 || value.dtype != IMP_F32 || value.strides)
            throw imp::param_error(P_LAYER, "the layer '" + layer + "' has no maps of packed floats");
        const imp::image out = job.new_image(in.width(), in.height(), 1, IMP_SRGB);
        draw(job, value, out);
        job.set(0, out);
    }

private:
    imp_nn_node node_of(const imp_nn_model *model, uint32_t i) const
    {
        imp_nn_node node{};
        node.struct_size = sizeof node;
        service.call(&nn::node, model, i, &node);
        return node;
    }

    /* The network's input, as large as it wants it, else as the picture. */
    uint32_t find_input(const imp_nn_model *model, imp::const_image in, int64_t *shape) const
    {
        uint32_t i = 0;
        while (!(node_of(model, i).flags & IMP_NN_INPUT))
            i++;
        const imp_nn_node node = node_of(model, i);
        if (node.ndim != 4 || (node.shape[1] != 1 && node.shape[1] != 3))
            throw imp::input_error(1, "the network takes no picture of 1 or 3 channels");
        shape[1] = node.shape[1];
        shape[2] = node.shape[2] > 0 ? node.shape[2] : in.height();
        shape[3] = node.shape[3] > 0 ? node.shape[3] : in.width();
        return i;
    }

    /* The layer that is asked for, or the last one whose value has four axes. */
    uint32_t find_layer(const imp_nn_model *model, uint32_t input) const
    {
        uint32_t count = 0, found = input;
        if (!layer.empty()) {
            service.call(&nn::find, model, layer.c_str(), &found); /* the error lists the nearest names */
            return found;
        }
        service.call(&nn::node_count, model, &count);
        for (uint32_t i = 0; i < count; i++)
            if (node_of(model, i).ndim == 4)
                found = i;
        return found;
    }

    /* The picture, nearest sample, grey as the mean where one channel is wanted. As it is, 0..1: networks that want
     * a mean taken off or a range of 0..255 say so in nn::meta; impasto/kit_prepare.h of the kit does all that. */
    static void fill(imp::const_image in, const int64_t *shape, float *to)
    {
        for (int64_t c = 0; c < shape[1]; c++)
            for (int64_t y = 0; y < shape[2]; y++)
                for (int64_t x = 0; x < shape[3]; x++) {
                    const auto from_y = uint32_t(y * in.height() / shape[2]);
                    const auto from_x = uint32_t(x * in.width() / shape[3]);
                    const auto sample = [&](uint32_t k) { return in.row(k, from_y)[from_x]; };
                    *to++ = shape[1] == 3 ? sample(uint32_t(c)) : (sample(0) + sample(1) + sample(2)) / 3;
                }
    }

    /* out = |mean over channels|, nearest sample, the strongest place white. */
    static void draw(imp::job &job, const imp_tensor &value, imp::image out)
    {
        const int64_t maps = value.shape[1], height = value.shape[2], width = value.shape[3], plane = height * width;
        const auto *from = static_cast<const float *>(value.data);
        auto *means = job.scratch<float>(uint64_t(plane));
        float most = 0;
        for (int64_t i = 0; i < plane; i++) {
            double sum = 0;
            for (int64_t m = 0; m < maps; m++)
                sum += double(from[m * plane + i]);
            means[i] = float(std::fabs(sum) / double(maps));
            most = std::max(most, means[i]);
        }
        for (uint32_t y = 0; y < out.height(); y++)
            for (uint32_t x = 0; x < out.width(); x++) {
                const int64_t i = y * height / out.height() * width + x * width / out.width();
                out.row(0, y)[x] = most > 0 ? means[i] / most : 0;
            }
    }

    nn_service service;
    std::string layer;
};

constexpr imp_filter filter = imp::filter<look>("@ID@", "Where a layer of a network is active on a picture.", parameters,
                                                inputs, outputs);
constexpr const imp_filter *filters[] = {&filter, nullptr};
constexpr const char *needs[] = {IMP_NN_MODEL_1, nullptr};
constexpr imp_plugin plugin = imp::plugin("@ID@", "0.1.0", "MIT", filters, nullptr, needs);

} // namespace

IMP_EXPORT const imp_plugin *imp_entry_v1() noexcept
{
    return &plugin;
}
