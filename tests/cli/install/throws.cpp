/* throws.cpp - a filter that throws whatever it is told, wherever it is told: nothing of it may cross the ABI. */
#include <impasto/impasto.hpp>

namespace {

enum what { NOTHING, REFUSAL, NUMBER, STANDARD, MEMORY };

void throw_it(int64_t what)
{
    if (what == REFUSAL)
        throw imp::param_error(0, "this is the sentence");
    if (what == NUMBER)
        throw 42;
    if (what == STANDARD)
        throw std::logic_error("a standard exception");
    if (what == MEMORY)
        throw std::bad_alloc();
}

constexpr imp_param parameters[] = {
    imp::choice("what", "nothing|refusal|number|standard|memory", "nothing", "What is thrown."),
    imp::choice("where", "create|process|piece|plan", "process", "Where."),
};
constexpr imp_port inputs[] = {imp::picture("in", "Any image.")};
constexpr imp_port outputs[] = {imp::picture("out", "The same.")};

class thrower {
public:
    thrower(const imp_host *, imp::params p) : what(p.choice(0)), where(p.choice(1)) { at(0); }
    void process(imp::job &job) const
    {
        at(1);
        job.parallel(64, [&](uint32_t i) {
            if (i == 17)
                at(2);
        });
        job.set(0, &job.picture(0).get()->head);
    }
    void plan(imp_plan &) const { at(3); }

private:
    void at(int64_t place) const
    {
        if (place == where)
            throw_it(what);
    }
    int64_t what, where;
};

constexpr imp_filter filter = imp::filter<thrower>("org.example.throws", "Throw.", parameters, inputs, outputs);
constexpr const imp_filter *filters[] = {&filter, nullptr};
constexpr imp_plugin plugin = imp::plugin("org.example.throws", "1.0.0", "MIT", filters);

} // namespace

IMP_EXPORT const imp_plugin *imp_entry_v1() noexcept
{
    return &plugin;
}
