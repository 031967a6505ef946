"""PyTorch's side of a network row; the protocol and the steps are those of net_worker.c.

    peer_torch.py VARIANT MODE NET THREADS NxCxHxW INPUT [NODE...]

VARIANT `choose` times every way to run the network here and prints "ready NAME" for the fastest, which a second
process then runs alone, so that its peak memory is that of one way. A name is LAYOUT[-HOW][/THREADS.BLAS]: nchw or
nhwc; eager, trace (TorchScript), freeze (traced, frozen, optimize_for_inference: inference alone).
The network is read from the architecture text inside Impasto's safetensors, so both sides run the same graph.
"""
import configparser
import ctypes
import json
import struct
import sys
import time

try:
    import numpy as np
    import torch
    from torch.nn import functional as F
except ImportError as why:
    print("missing", why)
    sys.exit(0)


def read_safetensors(path):
    with open(path, "rb") as file:
        head = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        body = file.read()
    text = head.pop("__metadata__")["impasto.architecture"]
    tensors = {}
    for name, at in head.items():
        begin, end = at["data_offsets"]
        tensors[name] = torch.from_numpy(np.frombuffer(body[begin:end], dtype="<f4").reshape(at["shape"]).copy())
    ini = configparser.ConfigParser(interpolation=None, comment_prefixes=(";", "#"))
    ini.read_string(text)
    return [(name, dict(ini[name])) for name in ini.sections() if name != "network"], tensors


def numbers(node, key, default=0):
    return [int(x) for x in node.get(key, str(default)).split()]


class Net(torch.nn.Module):
    """The nodes in order; forward answers the values of `wanted`."""

    def __init__(self, nodes, tensors, wanted):
        super().__init__()
        last = {name: i for i, (name, _) in enumerate(nodes)}
        end = max(last[name] for name in wanted) if wanted else len(nodes) - 1
        self.nodes = nodes[: end + 1]
        self.wanted = wanted or [nodes[-1][0]]
        self.picture = nodes[0][0]
        self.sources, self.last_use, before = {}, {}, None
        for i, (name, node) in enumerate(self.nodes):
            self.sources[name] = [s for s in node["in"].split()] if "in" in node else [before]
            for s in self.sources[name]:
                self.last_use[s] = i
            before = name
            self.take(name, node, tensors)

    def take(self, name, node, tensors):
        """Parameters, under their names with the dots replaced."""
        for slot in ("weight", "bias", "mean", "variance"):
            key = node.get(slot, "")
            key = key if key in tensors else f"{name}.{slot}"
            for other in {"mean": ["running_mean"], "variance": ["running_var"]}.get(slot, []):
                key = key if key in tensors else f"{name}.{other}"
            if key not in tensors:
                continue
            if slot in ("weight", "bias"):
                self.register_parameter(key.replace(".", "/"), torch.nn.Parameter(tensors[key]))
            else:
                self.register_buffer(key.replace(".", "/"), tensors[key])
            node["@" + slot] = key.replace(".", "/")

    def tensor(self, node, slot):
        return getattr(self, node["@" + slot]) if "@" + slot in node else None

    def forward(self, picture, noise=None):
        values, wanted = {}, {}
        for i, (name, node) in enumerate(self.nodes):
            if node["op"] == "input":
                values[name] = picture if name == self.picture else noise
                continue
            values[name] = self.one(node, [values[s] for s in self.sources[name]])
            if name in self.wanted:
                wanted[name] = values[name]
            for s in set(self.sources[name]):
                if self.last_use[s] == i:
                    del values[s]
        return tuple(wanted[name] for name in self.wanted)

    def one(self, node, xs):
        op, x = node["op"], xs[0]
        weight, bias = self.tensor(node, "weight"), self.tensor(node, "bias")
        stride, pad = numbers(node, "stride", 1), numbers(node, "pad", 0)
        if op == "conv":
            dilation, groups = numbers(node, "dilation", 1), int(node.get("groups", 1))
            return F.conv2d(x, weight, bias, stride, pad, dilation, groups)
        if op == "conv_transpose":
            return F.conv_transpose2d(x, weight, bias, stride, pad)
        if op == "gemm":
            if len(xs) == 2:  # trans_b of an activation
                return torch.mm(x, xs[1].t())
            return F.linear(x, weight, bias)
        if op == "batch_norm":
            return F.batch_norm(x, self.tensor(node, "mean"), self.tensor(node, "variance"), weight, bias, self.training)
        if op == "max_pool":
            return F.max_pool2d(x, numbers(node, "kernel"), stride, pad, ceil_mode=node.get("ceil", "no") == "yes")
        if op == "average_pool":
            return F.avg_pool2d(x, numbers(node, "kernel"), stride, pad)
        if op == "instance_norm":
            return F.instance_norm(x, weight=weight, bias=bias)
        if op == "leaky_relu":
            return F.leaky_relu(x, float(node["alpha"]))
        if op == "resize":
            return F.interpolate(x, scale_factor=float(node["scales"].split()[-1]), mode="nearest")
        if op == "unsqueeze":
            return x[:, :, None, None]
        if op == "dropout":
            return F.dropout(x, float(node.get("ratio", 0.5)), self.training)
        if op == "clip":
            return F.hardtanh(x, float(node["min"]), float(node["max"]))
        if op == "reshape":
            shape = numbers(node, "shape")
            return x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(shape)])
        if op == "flatten":
            return torch.flatten(x, 1)
        if op == "concat":
            return torch.cat(xs, int(node.get("axis", 1)))
        if op == "add":
            return xs[0] + xs[1]
        if op == "mul":
            return xs[0] * xs[1]
        plain = {"relu": F.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "exp": torch.exp, "sqrt": torch.sqrt,
                 "global_average_pool": lambda v: F.adaptive_avg_pool2d(v, 1)}
        return plain[op](x)


def set_blas_threads(count):
    for name in ("libopenblas.so.0", "libblas.so.3"):
        try:
            ctypes.CDLL(name).openblas_set_num_threads(count)
            return
        except (OSError, AttributeError):
            pass


class Worker:
    def __init__(self, variant, mode, net, threads, shape, source, wanted):
        self.how, _, counts = variant.partition("/")
        omp, blas = [int(x) for x in counts.split(".")] if counts else (threads, threads)
        torch.set_num_threads(omp)
        set_blas_threads(blas)
        self.mode, self.path, self.wanted = mode, net + ".safetensors", wanted
        self.layout = torch.channels_last if "nhwc" in self.how else torch.contiguous_format
        both = torch.from_numpy(np.fromfile(source, dtype="<f4").reshape([2] + shape))
        self.x = both[0].contiguous(memory_format=self.layout)
        self.second, self.result = both[1], None
        getattr(self, "prepare_" + mode)()

    def open(self, wanted):
        nodes, tensors = read_safetensors(self.path)
        net = Net(nodes, tensors, wanted)
        if self.mode != "train":
            net = net.eval().requires_grad_(False)
        return net.to(memory_format=self.layout)

    def compiled(self, net):
        if "trace" not in self.how and "freeze" not in self.how:
            return net
        net = torch.jit.trace(net, self.x, check_trace=False)
        if "freeze" in self.how:
            net = torch.jit.optimize_for_inference(torch.jit.freeze(net))
        return net

    # ---- forward ----
    def prepare_forward(self):
        with torch.inference_mode():
            self.net = self.compiled(self.open([]))

    def forward(self):
        with torch.inference_mode():
            self.result = [self.net(self.x)[0]]

    # ---- from losses to the picture ----
    def prepare_backward(self):
        with torch.no_grad():
            net = self.compiled(self.open(self.wanted))
            self.net = net
            self.targets = [v.clone() for v in net(self.second.contiguous(memory_format=self.layout))]
            self.power = [float((t.double() ** 2).mean()) for t in self.targets]
        self.x.requires_grad_(True)

    def backward(self):
        self.x.grad = None
        loss = 0
        for value, target, power in zip(self.net(self.x), self.targets, self.power):
            loss = loss + F.mse_loss(value, target) / power
        loss.backward()
        self.result = [self.x.grad]

    # ---- training ----
    def prepare_train(self):
        self.vae = any(name == "noise" for name, _ in read_safetensors(self.path)[0])
        if self.vae:
            count = self.x.shape[0] * 128
            self.noise = (12**0.5 * (self.second.flatten()[:count] - 0.5)).reshape(-1, 128)
            self.net = self.open(["painted", "mu", "log_var"]).train()
            self.optimiser = torch.optim.Adam(self.net.parameters(), 1e-3)
        else:
            self.net = self.open([]).train()
            self.labels = torch.arange(self.x.shape[0]) % 10
            self.optimiser = torch.optim.SGD(self.net.parameters(), 0.01, momentum=0.9)

    def gradients(self):
        self.optimiser.zero_grad(set_to_none=True)
        if self.vae:
            painted, mu, log_var = self.net(self.x, self.noise)
            loss = ((painted - self.x) ** 2).sum() - 0.5 * (1 + log_var - mu * mu - log_var.exp()).sum()
            loss = loss / self.x.shape[0]
        else:
            loss = F.cross_entropy(self.net(self.x)[0], self.labels)
        loss.backward()

    def train(self):
        self.gradients()
        self.optimiser.step()

    def step(self):
        start = time.perf_counter()
        getattr(self, self.mode)()
        return 1e3 * (time.perf_counter() - start)

    def dump(self, path):
        if self.mode == "train":
            self.gradients()
            named = sorted((n.replace("/", "."), p.grad) for n, p in self.net.named_parameters())
            self.result = [g for _, g in named if g is not None]
        with open(path, "wb") as file:
            for t in self.result or []:
                values = t.detach().contiguous().numpy().astype("<f4")
                file.write(struct.pack("<I", values.size))
                file.write(values.tobytes())


def steps_ms(worker, most, seconds):
    """Times of steps, at most so many, and no further one after so many seconds."""
    start, times = time.perf_counter(), []
    while len(times) < most and (not times or time.perf_counter() - start < seconds):
        times.append(worker.step())
    return sorted(times)


def median_ms(variant, args):
    try:
        worker = Worker(variant, *args)
        steps_ms(worker, 3, 2)  # traces are specialised in the second run
        times = steps_ms(worker, 5, 2)
        return times[len(times) // 2]
    except RuntimeError:
        return float("inf")


def choose(mode, threads, args):
    """The fastest layout and compiler, then the fastest numbers of threads of PyTorch and of its BLAS."""
    hows = {"forward": ["eager", "trace", "freeze"], "backward": ["eager", "trace"]}.get(mode, ["eager"])
    counts = f"/{threads}.1"
    times = {f"{layout}-{how}{counts}": 0 for layout in ("nchw", "nhwc") for how in hows}
    for name in times:
        times[name] = median_ms(name, args)
    best = min(times, key=times.get)
    others = [f"/{threads}.{threads}"] if threads > 1 else []
    if threads > 1 and times[best] < 500:  # larger steps are never faster on one thread
        others += ["/1.1", f"/1.{threads}"]
    for other in others:
        name = best.replace(counts, other)
        times[name] = median_ms(name, args)
    return min(times, key=times.get)


def main():
    variant, mode, net, threads, shape, source = sys.argv[1:7]
    args = (mode, net, int(threads), [int(n) for n in shape.split("x")], source, sys.argv[7:])
    if variant == "choose":
        print("ready", choose(mode, int(threads), args), flush=True)
        return
    worker = Worker(variant, *args)
    print("ready", variant, flush=True)
    for line in sys.stdin:
        command, _, rest = line.strip().partition(" ")
        if command == "go":
            print(f"{worker.step():.4f}", flush=True)
        elif command == "check":
            worker.dump(rest)
            print("ok", flush=True)


main()
