/* verbs.c - the two tables of the command line: options and verbs. All help comes from here. */
#include "options.h"
#include "command.h"

/* clang-format off: rows */
const struct option_row option_rows[OPT_COUNT] = {
    [OPT_OUT] = {.name = "out", .letter = "o", .value = "DIR",
        .help = "folder that the files are written to",
        .more = "The tree below a folder given as IN is kept. Made when it is not there.",
        .offer = OFFER_FOLDER},
    [OPT_SET] = {.name = "set", .value = "NODE.KEY=VALUE", .help = "change one key of the preset",
        .more = "`vars.NAME=VALUE` changes a variable. Paths are relative to the current folder. "
                "Wins over the file.", .offer = OFFER_PARAM, .repeats = true},
    [OPT_SWEEP] = {.name = "sweep", .value = "NODE.KEY=LIST",
        .help = "run once for every value of a list",
        .more = "LIST is `a,b,c` or `1..4`. Several sweeps multiply. Files are named after the "
                "values unless the preset's name template has them; a labelled contact sheet is "
                "made of each picture.", .offer = OFFER_PARAM, .repeats = true},
    [OPT_JOBS] = {.name = "jobs", .letter = "j", .value = "N",
        .help = "pictures worked on at the same time",
        .more = "Never changes the result.", .config = "run"},
    [OPT_THREADS] = {.name = "threads", .letter = "t", .value = "N",
        .help = "threads in all; otherwise one per processor",
        .more = "Never changes the result.", .config = "run"},
    [OPT_MEM] = {.name = "mem", .letter = "m", .value = "SIZE",
        .help = "memory to stay below: 2G, 512M",
        .more = "Checked before the start (exit 5 tells what would fit) and kept while running. "
                "Left out: nine tenths of what a control group (a container, a batch system) allows, else no limit.",
        .config = "run"},
    [OPT_SHARD] = {.name = "shard", .value = "I/N", .help = "do part I (from 1) of N only",
        .more = "`auto` reads Slurm's array variables, `auto/N` those of Kubernetes or PBS. What "
                "runs once or gathers is left to the same command without --shard."},
    [OPT_PLAN] = {.name = "plan", .help = "print what would be done, do nothing"},
    [OPT_UNTIL] = {.name = "until", .value = "NODE",
        .help = "stop after that node and save its picture", .offer = OFFER_NODE},
    [OPT_PREVIEW] = {.name = "preview", .help = "keep what long filters show on the way"},
    [OPT_FILES_FROM] = {.name = "files-from", .value = "FILE",
        .help = "read the pictures' names from a list",
        .more = "One a line; `-` is stdin; the failed.tsv of an earlier run does only what "
                "failed.", .offer = OFFER_FILE},
    [OPT_OVERWRITE] = {.name = "overwrite", .value = "changed|never|always",
        .help = "which existing files are made again",
        .more = "changed (the default): those whose picture, preset, plugin or model is another "
                "one now.", .config = "run", .offer = OFFER_CHOICE},
    [OPT_FAIL_FAST] = {.name = "fail-fast", .help = "stop at the first picture that fails"},
    [OPT_EXPLAIN] = {.name = "explain",
        .help = "say why each thing ran or was taken from a cache"},
    [OPT_AGAIN] = {.name = "again", .value = "FILE",
        .help = "make a written file again, from its record",
        .more = "The preset, settings and picture recorded for FILE are used; no PRESET or IN is "
                "given.", .offer = OFFER_FILE},
    [OPT_PRIVATE] = {.name = "private", .help = "leave EXIF, XMP and ICC out of what is written",
        .config = "run"},
    [OPT_EXACT] = {.name = "exact", .help = "the same bytes on every processor type",
        .more = "Built-in codecs only and fixed kernels; slower.", .config = "run"},
    [OPT_ISOLATE] = {.name = "isolate", .help = "plugins' filters in processes of their own",
        .more = "A crash, a hang or too much memory (more than --mem, or three quarters of the "
                "machine's) costs only its picture. Never changes the result. `isolate = process` "
                "in a node of a preset does it for that node. A plugin's init runs in the program.", .config = "run"},
    [OPT_UNTRUSTED] = {.name = "untrusted", .help = "pictures of strangers: decoded in a sandbox",
        .more = "As --isolate, and pictures are decoded there too; these processes may read the files "
                "that the preset names, write below OUT/.impasto/tmp if a filter writes files, and "
                "nothing else: no network, no programs. What this system cannot enforce is told. "
                "Plugins are trusted: they are loaded into the program, outside the sandbox.",
        .config = "run"},
    [OPT_TIME_LIMIT] = {.name = "time-limit", .value = "SECONDS",
        .help = "longest silence of an isolated filter",
        .more = "One that gives no sign of life for so long is ended, and its picture is lost; "
                "otherwise 120. 0: never.", .config = "run"},
    [OPT_NO_CACHE] = {.name = "no-cache", .help = "compute costly constants again",
        .config = "run"},
    [OPT_JSON] = {.name = "json", .help = "one JSON object a line on stdout",
        .more = "Each has `schema` and `type`; messages are objects too."},
    [OPT_QUIET] = {.name = "quiet", .letter = "q", .help = "no progress, errors only"},
    [OPT_VERBOSE] = {.name = "verbose", .letter = "v", .help = "say more"},
    [OPT_RESOLVED] = {.name = "resolved", .help = "print the preset with everything filled in",
        .more = "All keys, defaults as comments, and where each value came from. It runs to the "
                "same bytes."},
    [OPT_FORMAT] = {.name = "format", .letter = "f", .value = "text|dot|svg",
        .help = "how the graph is drawn", .offer = OFFER_CHOICE},
    [OPT_TIMES] = {.name = "times", .value = "OUT",
        .help = "add each node's time from a run into OUT",
        .more = "OUT is the folder of the run, or a file that `impasto bench --json` printed.",
        .offer = OFFER_FILE},
    [OPT_NAMES] = {.name = "names", .help = "bare names, one a line"},
    [OPT_INI] = {.name = "ini", .help = "a commented preset section, ready to paste"},
    [OPT_MARKDOWN] = {.name = "markdown", .help = "a page of documentation in Markdown"},
    [OPT_MAN] = {.name = "man", .help = "print the manual page as roff"},
    [OPT_COMPLETION] = {.name = "completion", .value = "bash|zsh|fish",
        .help = "print the completion of a shell", .offer = OFFER_CHOICE},
    [OPT_RUNS] = {.name = "runs", .letter = "n", .value = "N",
        .help = "measured runs after the warm-up; otherwise 7"},
    [OPT_SIZE] = {.name = "size", .value = "WxH",
        .help = "shapes and costs for pictures of that size",
        .more = "One number for both. Otherwise the size that the network takes, or 224."},
    [OPT_META] = {.name = "meta", .value = "KEY=VALUE", .help = "write a line of what is known of it",
        .more = "`input=bgr`, `range=0 255`, `mean=104 117 123`: how pictures go into it. An empty "
                "value takes the line away.", .repeats = true},
    [OPT_ARCH] = {.name = "arch", .value = "FILE.ini", .help = "the architecture of safetensors of others",
        .more = "A file, or a name on the model path: `resnet18.ini`, `vgg19-features.ini`. Files that "
                "Impasto wrote hold their own.", .offer = OFFER_FILE},
    [OPT_PLUGIN_PATH] = {.name = "plugin-path", .value = "DIRS",
        .help = "folders with plugins, before all others",
        .more = "With `:` between. After them: IMPASTO_PLUGIN_PATH, "
                "$XDG_DATA_HOME/impasto/plugins-1, the installed ones.", .config = "paths",
        .offer = OFFER_FOLDER},
    [OPT_PRESET_PATH] = {.name = "preset-path", .value = "DIRS",
        .help = "folders with presets, before all others",
        .more = "With `:` between. After them: IMPASTO_PRESET_PATH, impasto/presets of the XDG "
                "data folders, the installed ones.", .config = "paths", .offer = OFFER_FOLDER},
    [OPT_MODEL_PATH] = {.name = "model-path", .value = "DIRS",
        .help = "folders with models, after the preset's own",
        .more = "With `:` between. After them: IMPASTO_MODEL_PATH, impasto/models of the XDG data "
                "folders.", .config = "paths", .offer = OFFER_FOLDER},
    [OPT_INSECURE_PLUGINS] = {.name = "insecure-plugins",
        .help = "load plugins that others could have changed"},
    [OPT_LANG] = {.name = "lang", .value = "c|c++", .help = "language of a new plugin",
        .more = "c (the default) is C17, c++ is C++17 on impasto.hpp.", .offer = OFFER_CHOICE},
    [OPT_KIND] = {.name = "kind", .value = "filter|service|consumer", .help = "what a new plugin does",
        .more = "A filter of pictures (the default); a service for other plugins; a consumer of the "
                "networks that impasto.nn.model/1 offers.", .offer = OFFER_CHOICE},
    [OPT_JUNIT] = {.name = "junit", .help = "JUnit's XML on stdout, as CI servers read it"},
    [OPT_FUZZ] = {.name = "fuzz", .help = "random parameters, sizes and life-cycles instead",
        .more = "Every case is drawn from --seed and its number: a failure names both."},
    [OPT_SEED] = {.name = "seed", .value = "S[:CASE]", .help = "of --fuzz; with a case, that one alone"},
    [OPT_CASES] = {.name = "cases", .value = "N", .help = "of --fuzz, for each filter; otherwise 60"},
    [OPT_ONLY] = {.name = "only", .value = "TEST", .help = "the test of that name alone"},
    [OPT_WITH] = {.name = "with", .value = "OTHER.so", .help = "a plugin that provides what this one needs",
        .more = "Before those of the plugin path, which are there anyway.", .offer = OFFER_PLUGIN, .repeats = true},
    [OPT_HELP] = {.name = "help", .letter = "h",
        .help = "-h: this list; --help: with examples and details"},
};

#define PATHS OPT_PLUGIN_PATH, OPT_INSECURE_PLUGINS
#define PRESET_PATHS OPT_PRESET_PATH, OPT_MODEL_PATH, PATHS
#define IDS(...) (const enum option_id[]){__VA_ARGS__, OPT_COUNT}
#define EXAMPLES(...) (const struct example[]){__VA_ARGS__, {NULL, NULL}}

const struct verb verbs[] = {
    {.name = "run", .operands = "PRESET [IN...] -o OUT",
     .summary = "Run a preset over pictures and write the results below OUT.",
     .text = "PRESET is a file or a name on the preset path. IN are pictures and folders; folders "
             "are searched for pictures and their tree is kept. Nothing is written before the "
             "whole plan is valid.\n\n"
             "A run that was stopped, or killed, goes on where it was when the same command is "
             "given again; what is up to date is skipped. A picture that fails does not stop the "
             "others: it is named at the end and listed in OUT/failed.tsv.\n\n"
             "Ctrl-C stops within a tenth of a second; a second one ends at once. SIGUSR1 prints "
             "where the run is.",
     .examples = EXAMPLES({"impasto run vintage photos/ -o painted/",
                           "every picture below photos/, the same tree below painted/"},
                          {"impasto run vintage a.jpg -o . --set grain.amount=0.05",
                           "one picture, one key changed"},
                          {"impasto run vintage a.jpg -o try/ --sweep grain.seed=1..4",
                           "four seeds and a labelled sheet"},
                          {"impasto run vintage photos/ -o painted/ --plan",
                           "what would be done, how long, how much memory"},
                          {"impasto run vintage --files-from painted/failed.tsv -o painted/",
                           "the failed ones again"},
                          {"impasto run --again painted/a.png -o again/",
                           "the same bytes from the record"}),
          .options = IDS(OPT_OUT, OPT_SET, OPT_SWEEP, OPT_JOBS, OPT_THREADS, OPT_MEM, OPT_OVERWRITE,
                    OPT_FILES_FROM, OPT_SHARD, OPT_PLAN, OPT_EXPLAIN, OPT_UNTIL, OPT_PREVIEW,
                    OPT_FAIL_FAST, OPT_AGAIN, OPT_PRIVATE, OPT_EXACT, OPT_ISOLATE, OPT_UNTRUSTED, OPT_TIME_LIMIT,
                    OPT_NO_CACHE, OPT_JSON,
                    OPT_QUIET, OPT_VERBOSE, PRESET_PATHS),
     .run = command_run, .operands_min = 0, .operands_max = -1,
     .first = OFFER_PRESET, .rest = OFFER_FILE},
    {.name = "check", .operands = "PRESET [IN...]",
     .summary = "Find every mistake of a preset; make no picture.",
     .text = "Every key, range, path, wire and layer name is checked, and all mistakes are told "
             "at once, with file, line, column and what could be meant. With IN the sizes of "
             "those pictures are checked too.",
     .examples = EXAMPLES({"impasto check mine.ini",
                           "exit 0 and one line, or every mistake and exit 2"},
                          {"impasto check vintage --resolved",
                           "all keys, defaults too, and where each comes from"},
                          {"impasto check vintage photos/ --mem 2G",
                           "would these pictures fit into 2 GiB?"}),
          .options = IDS(OPT_SET, OPT_RESOLVED, OPT_UNTIL, OPT_JOBS, OPT_THREADS, OPT_MEM,
                    OPT_EXACT, OPT_ISOLATE, OPT_UNTRUSTED, OPT_JSON, OPT_QUIET, PRESET_PATHS),
     .run = command_check, .operands_min = 1, .operands_max = -1,
     .first = OFFER_PRESET, .rest = OFFER_FILE},
    {.name = "graph", .operands = "PRESET",
     .summary = "Show a preset's nodes and wires as text, dot or SVG.",
     .text = "Text tells once, per picture and gathering nodes apart. SVG is laid out by the "
             "program itself; dot is for Graphviz.",
     .examples = EXAMPLES({"impasto graph vintage", "on the terminal"},
                          {"impasto graph vintage --format svg >vintage.svg", "a drawing for a browser"},
                          {"impasto graph vintage --times painted/",
                           "with each node's time in the run into painted/"}),
          .options = IDS(OPT_FORMAT, OPT_TIMES, OPT_SET, OPT_UNTIL, PRESET_PATHS),
     .run = command_graph_verb, .operands_min = 1, .operands_max = 1, .first = OFFER_PRESET},
    {.name = "list", .operands = "[KIND [PRESET]]",
     .summary = "List what is there, from where, and what was refused.",
     .text = "KIND is filters (when left out), plugins, presets, services, paths or errors; with "
             "a PRESET nodes, or params: the keys that --set can change.",
     .examples = EXAMPLES({"impasto list", "all filters by plugin"},
                          {"impasto list plugins", "each file, and why one was refused"},
                          {"impasto list paths", "where plugins, presets and models are sought"},
                          {"impasto list params vintage", "every NODE.KEY of a preset with its value"}),
          .options = IDS(OPT_NAMES, OPT_JSON, OPT_PRESET_PATH, OPT_MODEL_PATH, PATHS),
     .run = command_list, .operands_min = 0, .operands_max = 2,
     .first = OFFER_CHOICE, .rest = OFFER_PRESET},
    {.name = "describe", .operands = "[NAME]",
     .summary = "Explain a filter, plugin, preset or error code.",
     .text = "Without NAME, --json and --markdown describe every plugin and filter.",
     .examples = EXAMPLES({"impasto describe blur", "ports and parameters with ranges"},
                          {"impasto describe blur --ini >>my.ini",
                           "a commented section to start from"},
                          {"impasto describe E0107", "what an error means and how to mend it"},
                          {"impasto describe vintage", "a preset's variables"}),
          .options = IDS(OPT_INI, OPT_MARKDOWN, OPT_JSON, OPT_PRESET_PATH, PATHS),
     .run = command_describe, .operands_min = 0, .operands_max = 1, .first = OFFER_NAME},
    {.name = "new", .operands = "preset|plugin NAME",
     .summary = "Write a preset or a plugin to start from.",
     .text = "A preset runs as it is, a plugin builds alone with its own Makefile, with tests, "
             "licence and CI. Nothing that exists is overwritten.",
     .examples = EXAMPLES({"impasto new preset mine", "mine.ini, which runs"},
                          {"impasto new plugin org.example.gain",
                           "a folder that builds and passes `impasto validate`"},
                          {"impasto new plugin gain --lang c++ --kind consumer",
                           "in C++, a filter that looks through a network"}),
          .options = IDS(OPT_LANG, OPT_KIND, OPT_OUT, OPT_QUIET),
     .run = command_new, .operands_min = 2, .operands_max = 2, .first = OFFER_CHOICE},
    {.name = "validate", .operands = "PLUGIN.so...",
     .summary = "Check a plugin: head, exports, descriptors, hard runs of every filter.",
     .text = "Every test runs in a process of its own with a time limit, so a plugin that crashes, hangs or "
             "exits is a finding: sizes from 1x1, padded rows, read-only inputs, NaN, parameters at "
             "their ends and beyond, stops, memory that is refused, the same bytes over runs, "
             "threads, instances and processes, what a call leaves behind. Filters of networks and "
             "data sets get tiny ones. Exit 0: no fault was found; 4: a fault was.",
     .examples = EXAMPLES({"impasto validate ./gain.so", "a line for each test"},
                          {"impasto validate ./gain.so --junit >report.xml", "for a CI server"},
                          {"impasto validate ./gain.so --fuzz --seed 7", "60 random lives of each filter"},
                          {"impasto validate ./gain.so --fuzz --seed 7:31", "the 31st of them again"}),
          .options = IDS(OPT_ONLY, OPT_WITH, OPT_FUZZ, OPT_SEED, OPT_CASES, OPT_JUNIT, OPT_JSON, OPT_QUIET,
                    OPT_VERBOSE, PATHS),
     .run = command_validate, .operands_min = 1, .operands_max = -1,
     .first = OFFER_PLUGIN, .rest = OFFER_PLUGIN},
    {.name = "why", .operands = "FILE | OUT | PLUGIN.so",
     .summary = "How a file was made; why one failed, was skipped or refused.",
     .text = "FILE is something a run wrote or should have written, OUT the folder of a run. "
             "Answers from the record in OUT/.impasto; nothing is looked for inside the pictures.",
     .examples = EXAMPLES({"impasto why painted/a.png",
                           "preset, settings, hashes, or why it failed"},
                          {"impasto why painted/", "the run as a whole"},
                          {"impasto why ./gain.so", "why a plugin is refused"}),
          .options = IDS(OPT_JSON, PATHS),
     .run = command_why, .operands_min = 1, .operands_max = 1, .first = OFFER_FILE},
    {.name = "bench", .operands = "PRESET [IN...]",
     .summary = "Measure time and memory of every node of a preset.",
     .text = "Each picture is worked on once to warm up, then --runs times, one at a time; "
             "nothing is kept. Median and 90th percentile are over all of them.",
     .examples = EXAMPLES({"impasto bench vintage a.jpg", "a table of nodes"},
                          {"impasto bench vintage a.jpg --json >run.json",
                           "for `impasto graph --times run.json`"}),
          .options = IDS(OPT_RUNS, OPT_SET, OPT_THREADS, OPT_MEM, OPT_EXACT, OPT_ISOLATE,
                    OPT_UNTRUSTED, OPT_JSON, PRESET_PATHS),
     .run = command_bench, .operands_min = 1, .operands_max = -1,
     .first = OFFER_PRESET, .rest = OFFER_FILE},
    {.name = "model", .operands = "info|ops|convert|diff FILE...",
     .summary = "Look into networks, compare them, convert between their formats.",
     .text = "info FILE...: layers with shapes, parameters, multiply-accumulates and memory, and "
             "how pictures go in.\n\n"
             "ops [FILE]: the operators that networks may have, with what is not supported; of "
             "FILE, those it uses.\n\n"
             "convert IN OUT: OUT ends in .onnx or .safetensors; --meta adds what IN does not "
             "say.\n\n"
             "diff A B: differences of layers, shapes, meta and parameters; exit 0 when there are "
             "none, 1 otherwise.\n\n"
             "FILE is a path, or a name on the model path.",
     .examples = EXAMPLES({"impasto model info vgg19.onnx --size 512x384",
                           "what a picture of that size costs"},
                          {"impasto model ops", "all operators and their limits"},
                          {"impasto model convert net.onnx net.safetensors --meta input=rgb",
                           "another format, and how pictures go in"},
                          {"impasto model convert model.safetensors net.onnx --arch resnet18.ini",
                           "weights as others publish them, to one file that is a network"},
                          {"impasto model diff a.onnx b.safetensors", "exit 0: the same"}),
          .options = IDS(OPT_SIZE, OPT_META, OPT_ARCH, OPT_OVERWRITE, OPT_JSON, OPT_QUIET, PRESET_PATHS),
     .run = command_model, .operands_min = 1, .operands_max = -1,
     .first = OFFER_CHOICE, .rest = OFFER_FILE},
    {.name = "help", .operands = "[COMMAND]",
     .summary = "Help on a command, manual pages, completion of shells.",
     .text = "Manual pages: impasto, each command, and preset, plugin for the two formats.",
     .examples = EXAMPLES({"impasto help run", "as impasto run --help"},
                          {"impasto help --man run | man -l -", "the manual page"},
                          {"eval \"$(impasto help --completion bash)\"",
                           "completion in this shell"}),
          .options = IDS(OPT_MAN, OPT_COMPLETION),
     .run = command_help, .operands_min = 0, .operands_max = 1, .first = OFFER_VERB},
    {.name = "version", .operands = "",
     .summary = "Version; with --verbose plugins, processor, threads and paths.",
     .examples = EXAMPLES({"impasto version", NULL}, {"impasto version --verbose",
                           "what to put into a report of a bug"}),
          .options = IDS(OPT_VERBOSE, OPT_JSON, PATHS),
     .run = command_version, .operands_min = 0, .operands_max = 0},
    {.name = NULL},
};
