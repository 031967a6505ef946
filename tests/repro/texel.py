"""texel.py - what a network is worth for inversion and style, beside VGG-19: needs Debian's python3-torch, -numpy, -pil.

    impasto model convert DATA/weights/vgg19_normalised_conv1_1-3_1/vgg19_norm_enc3_zeropad.onnx vgg.safetensors
    python3 tests/repro/texel.py match|invert|retrieve NET.safetensors vgg.safetensors DATA/images

match     the energies of four paintings put on four photographs (256 px, 60 steps of L-BFGS from the photograph), in NET
          and in VGG-19; the distance ||s - t|| / ||t|| of mean activations, before and after, both measured in VGG-19
invert    PSNR of pictures found from the codes of relu1_1 2_1 3_1 4_1 alone (192 px, 100 steps from noise)
retrieve  crops of 128 px, by their mean activations: is the nearest other one of the same picture?
"""
import json
import os
import struct
import sys

import numpy
import torch
import torch.nn.functional as F
from PIL import Image

torch.set_num_threads(int(os.environ.get("THREADS", "1")))
LAYERS = [f"{b}_{i}" for b, n in enumerate((2, 2, 4, 4, 1), 1) for i in range(1, n + 1)]
STYLE = ["1_1", "2_1", "3_1"]
PAIRS = [("content_photos/tubingen.jpg", "style_paintings/starry_night.jpg"),
         ("content_photos/golden_gate.jpg", "style_paintings/wave.jpg"),
         ("kodak/kodim05.png", "style_paintings/the_scream.jpg"),
         ("kodak/kodim07.png", "style_paintings/composition_vii.jpg")]
INVERTED = ["kodak/kodim07.png", "skimage/coffee.png", "kodak/kodim01.png"]
CROPPED = (["style_paintings/%s.jpg" % n for n in ("composition_vii", "starry_night", "the_scream", "wave")] +
           ["skimage/%s" % n for n in ("brick.png", "grass.png", "gravel.png", "coins.png", "hubble_deep_field.jpg", "retina.jpg")] +
           ["kodak/kodim%02d.png" % n for n in range(1, 7)])


def tensors(path):
    with open(path, "rb") as f:
        data = f.read()
    n = struct.unpack("<Q", data[:8])[0]
    out = {}
    for name, t in json.loads(data[8:8 + n]).items():
        if name != "__metadata__":
            a, b = t["data_offsets"]
            out[name] = torch.from_numpy(numpy.frombuffer(data[8 + n + a:8 + n + b], "<f4").copy().reshape(t["shape"]))
    return out


class Net:
    """Convolutions of 3x3 and relus of VGG-19. VGG-19 itself has a first layer that prepares pictures, and max pooling."""

    def __init__(self, path):
        self.w = tensors(path)
        self.vgg = "conv0.weight" in self.w
        self.mean = torch.tensor((0.485, 0.456, 0.406)).view(1, 3, 1, 1)
        self.std = torch.tensor((0.229, 0.224, 0.225)).view(1, 3, 1, 1)

    def layers(self):
        return [k for k in LAYERS if f"conv{k}.weight" in self.w]

    def run(self, x, wanted):
        w, left, out = self.w, set(wanted), {}
        x = F.conv2d(x, w["conv0.weight"], w["conv0.bias"]) if self.vgg else (x - self.mean) / self.std
        for k in self.layers():
            if not left:
                break
            if k[2] == "1" and k[0] != "1":
                x = F.max_pool2d(x, 2) if self.vgg else F.avg_pool2d(x, 2)
            x = F.relu(F.conv2d(x, w[f"conv{k}.weight"], w[f"conv{k}.bias"], padding=1))
            if k in left:
                out[k] = x
                left.discard(k)
        return out


def picture(path, size):
    im = Image.open(path).convert("RGB")
    k = size / max(im.size)
    im = im.resize((round(im.size[0] * k), round(im.size[1] * k)), Image.LANCZOS)
    return torch.from_numpy(numpy.asarray(im).astype("f4") / 255).permute(2, 0, 1)[None].contiguous()


def minimise(x, loss, steps):
    """L-BFGS; scaled so that the largest gradient at the start is 1."""
    x = x.clone().contiguous().requires_grad_(True)
    loss(x).backward()
    k = 1 / x.grad.abs().max()
    opt = torch.optim.LBFGS([x], max_iter=steps, max_eval=steps * 5 // 4, history_size=10, tolerance_grad=0,
                            tolerance_change=0, line_search_fn="strong_wolfe")

    def closure():
        opt.zero_grad()
        e = loss(x) * k
        e.backward()
        return e
    opt.step(closure)
    return x.detach()


def means(f):
    return f.mean((0, 2, 3))


def match(net, photo, style):
    with torch.no_grad():
        t = {k: means(v) for k, v in net.run(style, STYLE).items()}
        p = net.run(photo, ["2_2"])["2_2"]

    def loss(x):
        f = net.run(x, STYLE + ["2_2"])
        e = sum(((means(f[k]) - t[k]) ** 2).sum() / (t[k] ** 2).sum() for k in STYLE) / len(STYLE)
        return e + 0.03 * ((f["2_2"] - p) ** 2).sum() / (p ** 2).sum()
    return minimise(photo, loss, 60)


def distance(vgg, x, style):
    with torch.no_grad():
        a, b = vgg.run(x.clamp(0, 1), STYLE), vgg.run(style, STYLE)
        return numpy.array([float((means(a[k]) - means(b[k])).norm() / means(b[k]).norm()) for k in STYLE])


def cmd_match(net, vgg, images):
    all_net, all_vgg = [], []
    for c, s in PAIRS:
        photo, style = picture(images + "/" + c, 256), picture(images + "/" + s, 256)
        before = distance(vgg, photo, style)
        by_net, by_vgg = (distance(vgg, match(n, photo, style), style) for n in (net, vgg))
        all_net.append(before - by_net)
        all_vgg.append(before - by_vgg)
        print(os.path.basename(s), "before", before.round(3), "by the network", by_net.round(3), "by VGG-19", by_vgg.round(3),
              "as far as VGG-19: %.2f" % (all_net[-1].mean() / all_vgg[-1].mean()), flush=True)
    ratios = [a.mean() / b.mean() for a, b in zip(all_net, all_vgg)]
    print("mean %.3f, by layer" % numpy.mean(ratios),
          numpy.mean([a / b for a, b in zip(all_net, all_vgg)], 0).round(2))


def cmd_invert(net, _, images):
    rows = []
    for p in INVERTED:
        x = picture(images + "/" + p, 192)
        x = x[:, :, :x.shape[2] // 16 * 16, :x.shape[3] // 16 * 16]
        rows.append([])
        for k in [k for k in ("1_1", "2_1", "3_1", "4_1") if k in net.layers()]:
            with torch.no_grad():
                t = net.run(x, [k])[k]
            n = float((t ** 2).sum())
            start = 0.5 + 0.1 * torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
            y = minimise(start, lambda v: ((net.run(v, [k])[k] - t) ** 2).sum() / n, 100).clamp(0, 1)
            rows[-1].append(float(-10 * torch.log10(((y - x) ** 2).mean())))
        print(p, numpy.round(rows[-1], 1), flush=True)
    print("mean PSNR of relu1_1 2_1 3_1 4_1:", numpy.mean(rows, 0).round(1))


def cmd_retrieve(net, _, images):
    crops, of = [], []
    for n, p in enumerate(CROPPED):
        x = picture(images + "/" + p, 512)
        places = [(i, j) for i in range(0, x.shape[2] - 127, 128) for j in range(0, x.shape[3] - 127, 128)]
        for k in numpy.random.RandomState(1).permutation(len(places))[:8]:
            i, j = places[k]
            crops.append(x[:, :, i:i + 128, j:j + 128])
            of.append(n)
    crops, of = torch.cat(crops), numpy.array(of)

    def share(v):
        d = torch.cdist(v, v)
        d.fill_diagonal_(1e9)
        return float((of[d.argmin(1).numpy()] == of).mean())
    print("%d crops of %d pictures; by mean colour %.3f" % (len(of), len(CROPPED), share(crops.mean((2, 3)))))
    for k in [k for k in ("1_1", "2_1", "3_1", "4_1", "5_1") if k in net.layers()]:
        with torch.no_grad():
            v = torch.cat([net.run(crops[i:i + 16], [k])[k].mean((2, 3)) for i in range(0, len(of), 16)])
        print("relu" + k, "%.3f" % share(v))


if __name__ == "__main__":
    if len(sys.argv) != 5 or sys.argv[1] not in ("match", "invert", "retrieve"):
        sys.exit(__doc__)
    {"match": cmd_match, "invert": cmd_invert, "retrieve": cmd_retrieve}[sys.argv[1]](
        Net(sys.argv[2]), Net(sys.argv[3]), sys.argv[4])
