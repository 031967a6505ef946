/* check_tell.c - the results as lines of text, as JSON, as JUnit's XML. */
#include <string.h>
#include "jobs.h"

static const char *word(enum verdict v)
{
    return v == PASSED ? "passed" : v == FAILED ? "failed" : "skipped";
}

static void json_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
        if (*s == '"' || *s == '\\')
            fprintf(out, "\\%c", *s);
        else if (*s < 0x20)
            fprintf(out, "\\u%04x", *s);
        else
            fputc(*s, out);
    }
    fputc('"', out);
}

/* XML 1.0 has no control characters but tab and line ends. */
static void xml_text(FILE *out, const char *text)
{
    for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
        const char *as = *s == '&'   ? "&amp;"
                         : *s == '<' ? "&lt;"
                         : *s == '>' ? "&gt;"
                         : *s == '"' ? "&quot;"
                                     : NULL;
        if (as)
            fputs(as, out);
        else
            fputc(*s < 0x20 ? ' ' : *s, out);
    }
}

static void tell_json(FILE *out, const struct job *job, const char *subject)
{
    fputs("{\"schema\":1,\"type\":\"test\",\"subject\":", out);
    json_text(out, subject);
    /* "ok" is what version 0.1.0 said */
    fprintf(out, ",\"test\":\"%s\",\"result\":\"%s\",\"ms\":%.0f,\"text\":", job->test->name,
            job->verdict == PASSED ? "ok" : word(job->verdict), job->ms);
    json_text(out, job->text);
    fputs("}\n", out);
}

static void tell_junit(FILE *out, const struct job *job, const char *subject)
{
    fputs("  <testcase classname=\"", out);
    xml_text(out, subject);
    fprintf(out, "\" name=\"%s\" time=\"%.3f\"", job->test->name, job->ms / 1e3);
    if (job->verdict == PASSED) {
        fputs("/>\n", out);
        return;
    }
    fprintf(out, "><%s message=\"", job->verdict == FAILED ? "failure" : "skipped");
    xml_text(out, job->text);
    fputs("\"/></testcase>\n", out);
}

void tell_job(const struct teller *t, const struct job *job)
{
    const char *subject = job->filter ? job->filter : "file";
    const enum verdict v = job->verdict;
    t->totals->passed += v == PASSED;
    t->totals->failed += v == FAILED;
    t->totals->skipped += v == SKIPPED;
    if (t->options->form == CHECK_JUNIT)
        tell_junit(t->out, job, subject);
    else if (t->options->quiet && v != FAILED)
        return;
    else if (t->options->form == CHECK_JSON)
        tell_json(t->out, job, subject);
    else
        fprintf(t->out, "%-8s%s: %s%s%s\n",
                v == PASSED   ? "ok"
                : v == FAILED ? "FAILED"
                              : "skipped",
                subject, job->test->name, job->text[0] ? ": " : "", job->text);
    fflush(t->out);
}

void tell_start(const struct teller *t, const struct job *jobs, size_t count)
{
    int counts[3] = {0};
    double ms = 0;
    for (size_t i = 0; i < count; i++)
        if (jobs[i].state == JOB_DONE) {
            counts[jobs[i].verdict == FAILED ? 1 : jobs[i].verdict == SKIPPED ? 2 : 0]++;
            ms += jobs[i].ms;
        }
    fputs("<testsuite name=\"", t->out);
    xml_text(t->out, t->path);
    fprintf(t->out, "\" tests=\"%d\" failures=\"%d\" skipped=\"%d\" time=\"%.3f\">\n",
            counts[0] + counts[1] + counts[2], counts[1], counts[2], ms / 1e3);
}

void tell_end(const struct teller *t)
{
    const struct check_totals *n = t->totals;
    if (t->options->form == CHECK_JUNIT)
        fputs("</testsuite>\n", t->out);
    else if (t->options->form == CHECK_JSON)
        fprintf(t->out,
                "{\"schema\":1,\"type\":\"summary\",\"passed\":%d,\"failed\":%d,\"skipped\":%d}\n",
                n->passed, n->failed, n->skipped);
    else if (!t->options->quiet)
        fprintf(t->out, "%d passed, %d failed, %d skipped\n", n->passed, n->failed, n->skipped);
}
