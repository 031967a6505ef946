/* impasto.hpp - impasto.h for C++17: who owns what, exceptions instead of statuses, and no exception
 * that crosses the ABI. A header alone, compiled into the plugin; no part of the ABI.
 *
 *     struct gain {
 *         gain(const imp_host *, imp::params p) : factor(float(p.real(0))) {}
 *         void process(imp::job &job);
 *         float factor;
 *     };
 *     static constexpr imp_filter filter = imp::filter<gain>("org.example.gain", "...", rows, in, out);
 *
 * An instance is a T, made with the host and its parameters; what its constructor, process and plan
 * throw becomes a status and a text: imp::error as it says, std::bad_alloc IMP_E_MEMORY, other
 * std::exceptions IMP_E_FAILED. Thread classes are those of impasto.h. */
#ifndef IMP_IMPASTO_HPP
#define IMP_IMPASTO_HPP
#include <impasto/impasto.h>
#include <atomic>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace imp {

/* ---- errors ---- */

/* A refusal: a status, the sentence that says why, and which parameter or port it is about. */
class error : public std::runtime_error {
public:
    explicit error(imp_status status, const std::string &text, int32_t param = -1,
                   int32_t port = -1)
        : std::runtime_error(text), status_(status), param_(param), port_(port)
    {
    }
    imp_status status() const noexcept { return status_; }
    int32_t param() const noexcept { return param_; }
    int32_t port() const noexcept { return port_; }

private:
    imp_status status_;
    int32_t param_, port_;
};
inline error param_error(uint32_t param, const std::string &text)
{
    return error(IMP_E_PARAM, text, int32_t(param));
}
inline error input_error(uint32_t port, const std::string &text)
{
    return error(IMP_E_INPUT, text, -1, int32_t(port));
}

/* The host asked to stop. No std::exception, so that nobody takes it for a failure by mistake. */
struct cancelled {
};

/* Runs f; what it throws becomes a status and the text of err (which may be null). */
template <class F> imp_status guard(imp_error *err, F &&f) noexcept
{
    try {
        std::forward<F>(f)();
        return IMP_OK;
    } catch (const cancelled &) {
        return IMP_CANCELLED;
    } catch (const error &e) {
        if (err) {
            err->param = e.param();
            err->port = e.port();
        }
        return imp_fail(err, e.status(), "%s", e.what());
    } catch (const std::bad_alloc &) {
        return imp_fail(err, IMP_E_MEMORY, "out of memory");
    } catch (const std::exception &e) {
        return imp_fail(err, IMP_E_FAILED, "%s", e.what());
    } catch (...) {
        return imp_fail(err, IMP_E_INTERNAL, "an exception that is no std::exception");
    }
}

/* Room for the text of a call into the host or a service: call(..., m.out()), then m.check(status). */
class message {
public:
    message() noexcept { text_[0] = 0; }
    message(const message &) = delete;
    message &operator=(const message &) = delete;
    imp_error *out() noexcept
    {
        error_ = {uint32_t(sizeof error_), uint32_t(sizeof text_), text_, -1, -1};
        return &error_;
    }
    /* Throws unless IMP_OK. */
    void check(imp_status status) const
    {
        if (status == IMP_CANCELLED)
            throw cancelled();
        if (status != IMP_OK)
            throw error(status, text_, error_.param, error_.port);
    }

private:
    char text_[512];
    imp_error error_{};
};

/* ---- parameters: in the order of the filter's rows ---- */

class params {
public:
    explicit params(const imp_cell *cells) noexcept : cells_(cells) {}
    double real(uint32_t i) const noexcept { return cells_[i].f; }
    int64_t integer(uint32_t i) const noexcept { return cells_[i].i; }
    bool flag(uint32_t i) const noexcept { return cells_[i].i != 0; }
    int64_t choice(uint32_t i) const noexcept { return cells_[i].i; } /* index in `choices` */
    std::string_view text(uint32_t i) const noexcept /* TEXT, PATH; borrowed */
    {
        return {cells_[i].s.ptr ? cells_[i].s.ptr : "", size_t(cells_[i].s.len)};
    }
    const imp_cell &cell(uint32_t i) const noexcept { return cells_[i]; }

private:
    const imp_cell *cells_;
};

/* ---- pictures: borrowed from the host ---- */

class const_image {
public:
    explicit const_image(const imp_image *image) noexcept : image_(image) {}
    uint32_t width() const noexcept { return image_->width; }
    uint32_t height() const noexcept { return image_->height; }
    uint32_t channels() const noexcept { return image_->channels; }
    uint32_t colour() const noexcept { return image_->colour; }
    const float *row(uint32_t c, uint32_t y) const noexcept { return imp_row(image_, c, y); }
    const imp_image *get() const noexcept { return image_; }

private:
    const imp_image *image_;
};

class image : public const_image { /* a new one: write every sample */
public:
    explicit image(imp_image *made) noexcept : const_image(made), made_(made) {}
    float *row(uint32_t c, uint32_t y) const noexcept { return imp_row_out(made_, c, y); }
    imp_image *get() const noexcept { return made_; }

private:
    imp_image *made_;
};

/* ---- one call of process ---- */

class job {
public:
    explicit job(imp_job *raw) noexcept : raw_(raw) {}
    imp_job *get() const noexcept { return raw_; }
    params parameters() const noexcept { return params(raw_->params); }
    uint32_t input_count() const noexcept { return raw_->input_count; }
    /* Is there a value on that input? */
    bool has(uint32_t port) const noexcept
    {
        return port < raw_->input_count && raw_->inputs[port];
    }
    const_image picture(uint32_t port) const { return const_image(as<imp_image>(port)); }
    const imp_tensor &tensor(uint32_t port) const { return *as<imp_tensor>(port); }
    const imp_table &table(uint32_t port) const { return *as<imp_table>(port); }
    /* What an object of the port's type points to. */
    template <class T> T *object(uint32_t port) const
    {
        return static_cast<T *>(as<imp_object>(port)->object);
    }

    image new_image(uint32_t width, uint32_t height, uint32_t channels, uint32_t colour) const
    {
        return image(made(raw_->new_image(raw_, width, height, channels, colour)));
    }
    image new_image_like(const_image in) const
    {
        return new_image(in.width(), in.height(), in.channels(), in.colour());
    }
    imp_table *new_table(const imp_column *columns, uint32_t count) const
    {
        return made(raw_->new_table(raw_, count, columns));
    }
    void add_row(imp_table *table, const imp_cell *cells) const
    {
        check(raw_->add_row(raw_, table, cells));
    }
    void set(uint32_t port, const imp_value *value) const
    {
        check(raw_->set_output(raw_, port, value));
    }
    void set(uint32_t port, const image &out) const { set(port, &out.get()->head); }
    /* An object for others: deleted by the host after its last use. */
    template <class T>
    void set_object(uint32_t port, const char *type, std::unique_ptr<T> object) const
    {
        set(port, &made(raw_->new_object(raw_, type, object.release(), drop<T>))->head);
    }

    /* At least every 100 ms; throws cancelled. */
    void progress(double fraction, const char *phase = nullptr) const
    {
        check(raw_->progress(raw_, fraction, phase));
    }
    /* f(0) .. f(n - 1) on the host's threads. What the first piece to fail throws is thrown again
     * here, when all have ended; so is cancelled. */
    template <class F> void parallel(uint32_t n, F &&f) const
    {
        pieces<std::remove_reference_t<F>> all(f);
        const imp_status status = raw_->parallel(raw_, n, all.run, &all);
        if (all.thrown)
            std::rethrow_exception(all.thrown);
        check(status);
    }
    /* Freed by the host after the call; 64-byte aligned, not initialised. */
    template <class T> T *scratch(uint64_t count) const
    {
        static_assert(std::is_trivial_v<T> && alignof(T) <= 64, "scratch is for plain numbers");
        if (count > UINT64_MAX / sizeof(T))
            throw error(IMP_E_MEMORY, "more scratch than there are addresses");
        return static_cast<T *>(made(raw_->scratch(raw_, count * sizeof(T))));
    }

private:
    template <class F> struct pieces {
        explicit pieces(F &f) noexcept : body(f) {}
        static void run(void *user, uint32_t i) noexcept
        {
            pieces &all = *static_cast<pieces *>(user);
            if (all.failed)
                return;
            try {
                all.body(i);
            } catch (...) {
                if (!all.failed.exchange(true))
                    all.thrown = std::current_exception();
            }
        }
        F &body;
        std::exception_ptr thrown{};
        std::atomic<bool> failed{false};
    };
    template <class T> static void drop(void *object) noexcept { delete static_cast<T *>(object); }
    template <class T> const T *as(uint32_t port) const
    {
        if (!has(port))
            throw input_error(port, "nothing is connected to it");
        return static_cast<const T *>(static_cast<const void *>(raw_->inputs[port]));
    }
    template <class T> static T *made(T *value) /* the host keeps the reason of a refusal */
    {
        if (!value)
            throw error(IMP_E_MEMORY, "");
        return value;
    }
    static void check(imp_status status)
    {
        if (status == IMP_CANCELLED)
            throw cancelled();
        if (status != IMP_OK)
            throw error(status, "the host refuses it");
    }
    imp_job *raw_;
};

/* ---- services of other plugins ---- */

/* A service listed in needs or wants, given back when this ends. Table: imp_nn_model_1 ... */
template <class Table> class service {
public:
    service() noexcept = default;
    /* Throws when nobody provides it. [control] */
    service(const imp_host *host, const char *id, const char *provider = nullptr) : host_(host)
    {
        message m;
        m.check(host->acquire(host, id, provider, &got_, m.out()));
    }
    /* Empty when nobody provides it. [control] */
    static service wanted(const imp_host *host, const char *id) noexcept
    {
        service s;
        if (host->acquire(host, id, nullptr, &s.got_, nullptr) == IMP_OK)
            s.host_ = host;
        else
            s.got_ = {};
        return s;
    }
    service(service &&other) noexcept
        : host_(std::exchange(other.host_, nullptr)), got_(std::exchange(other.got_, {}))
    {
    }
    service &operator=(service &&other) noexcept
    {
        std::swap(host_, other.host_);
        std::swap(got_, other.got_);
        return *this;
    }
    ~service()
    {
        if (host_ && got_.table)
            host_->release(host_, &got_);
    }
    explicit operator bool() const noexcept { return got_.table != nullptr; }
    const Table *operator->() const noexcept { return static_cast<const Table *>(got_.table); }
    void *self() const noexcept { return got_.self; }
    /* Does the provider have that function? Older ones end earlier. */
    template <class Function> bool has(Function Table::*f) const noexcept
    {
        const Table *t = operator->();
        const auto end = reinterpret_cast<const char *>(&(t->*f) + 1);
        return t && size_t(end - reinterpret_cast<const char *>(t)) <= t->struct_size && t->*f;
    }
    /* nn.call(&imp_nn_model_1::find, model, "relu2_1", &node): throws what is not IMP_OK. */
    template <class Function, class... Arguments>
    void call(Function Table::*f, Arguments... arguments) const
    {
        message m;
        if (!has(f))
            throw error(IMP_E_UNSUPPORTED, "the provider of a service is too old for this plugin");
        m.check((operator->()->*f)(got_.self, arguments..., m.out()));
    }

private:
    const imp_host *host_ = nullptr;
    imp_service got_{};
};

/* ---- tables: rows of static arrays ---- */

constexpr imp_param real(const char *key, double def, double min, double max, const char *help,
                         const char *unit = nullptr)
{
    return {key, unit, help, nullptr, nullptr, IMP_FLOAT, 0, def, min, max};
}
constexpr imp_param integer(const char *key, double def, double min, double max, const char *help,
                            const char *unit = nullptr)
{
    return {key, unit, help, nullptr, nullptr, IMP_INT, 0, def, min, max};
}
constexpr imp_param flag(const char *key, bool def, const char *help)
{
    return {key, nullptr, help, nullptr, nullptr, IMP_BOOL, 0, def ? 1.0 : 0.0, 0, 0};
}
/* choices: "dark|light"; def one of them */
constexpr imp_param choice(const char *key, const char *choices, const char *def, const char *help)
{
    return {key, nullptr, help, choices, def, IMP_CHOICE, 0, 0, 0, 0};
}
/* type: IMP_TEXT, IMP_PATH, IMP_NUMBERS, IMP_NAMES, IMP_COLOUR */
constexpr imp_param text(const char *key, imp_type type, const char *def, const char *help,
                         uint32_t flags = 0)
{
    return {key, nullptr, help, nullptr, def, uint32_t(type), flags, 0, 0, 0};
}
constexpr imp_port picture(const char *name, const char *help, uint32_t flags = 0,
                           uint32_t channels = 0, uint32_t colours = 0)
{
    return {name, help, nullptr, IMP_IMAGE, flags, channels, colours};
}
constexpr imp_port object(const char *name, const char *type, const char *help, uint32_t flags = 0)
{
    return {name, help, type, IMP_OBJECT, flags, 0, 0};
}
constexpr imp_port table(const char *name, const char *help, uint32_t flags = 0)
{
    return {name, help, nullptr, IMP_TABLE, flags, 0, 0};
}

/* A static array of rows, or none: {}. */
template <class Row> struct rows {
    constexpr rows() = default;
    template <size_t N>
    constexpr rows(const Row (&table)[N]) : first(table), count(uint32_t(N)) /* NOLINT: implicit */
    {
    }
    const Row *first = nullptr;
    uint32_t count = 0;
};

/* The C functions of a filter whose instances are Ts. */
template <class T> struct calls {
    static imp_status create(const imp_host *host, const imp_filter *, const imp_cell *cells,
                             void **instance, imp_error *err) noexcept
    {
        return guard(err, [&] { *instance = new T(host, params(cells)); });
    }
    static void destroy(void *instance) noexcept { delete static_cast<T *>(instance); }
    static imp_status process(void *instance, imp_job *raw, imp_error *err) noexcept
    {
        return guard(err, [&] {
            job call(raw);
            static_cast<T *>(instance)->process(call);
        });
    }
    static imp_status plan(void *instance, imp_plan *raw, imp_error *err) noexcept
    {
        return guard(err, [&] { static_cast<T *>(instance)->plan(*raw); });
    }
};
template <class T, class = void> struct plans : std::false_type {
};
template <class T>
struct plans<T, std::void_t<decltype(std::declval<T &>().plan(std::declval<imp_plan &>()))>>
    : std::true_type {
};

/* A filter's descriptor. T: T(const imp_host *, imp::params), void process(imp::job &), and if
 * there is something to plan void plan(imp_plan &). */
template <class T>
constexpr imp_filter filter(const char *id, const char *summary, rows<imp_param> parameters,
                            rows<imp_port> inputs, rows<imp_port> outputs,
                            uint32_t flags = IMP_FILTER_DETERMINISTIC,
                            uint32_t threads = IMP_PARALLEL, const char *help = nullptr)
{
    imp_filter f{};
    f.struct_size = sizeof f;
    f.flags = flags;
    f.threads = threads;
    f.id = id;
    f.summary = summary;
    f.help = help;
    f.params = parameters.first;
    f.param_count = parameters.count;
    f.param_stride = sizeof(imp_param);
    f.inputs = inputs.first;
    f.input_count = inputs.count;
    f.input_stride = sizeof(imp_port);
    f.outputs = outputs.first;
    f.output_count = outputs.count;
    f.output_stride = sizeof(imp_port);
    f.create = calls<T>::create;
    f.destroy = calls<T>::destroy;
    f.process = calls<T>::process;
    if constexpr (plans<T>::value)
        f.plan = calls<T>::plan;
    return f;
}

/* The plugin's descriptor. The arrays are static and end with a null pointer. */
constexpr imp_plugin plugin(const char *id, const char *version, const char *licence,
                            const imp_filter *const *filters,
                            const imp_service_def *const *provides = nullptr,
                            const char *const *needs = nullptr, const char *const *wants = nullptr)
{
    imp_plugin p{IMP_PLUGIN_HEAD, 0, id, version, licence, filters, provides, needs, wants,
                 nullptr, nullptr, nullptr};
    return p;
}

} // namespace imp
#endif
