/* vips_chain.c - the folder chain by libvips' C API: FILES of one folder into another. The peer of the bench:
 * thumbnail-free resize to half, Gaussian 1.5, gamma 1.1, saturation 1.2 in LCh, JPEG at 90. */
#include <stdio.h>
#include <string.h>
#include <vips/vips.h>

static int chain(const char *in, const char *out)
{
    VipsImage *t[8] = {0};
    const double scale[3] = {1, 1.2, 1}, zero[3] = {0, 0, 0};
    const int failed = !(t[0] = vips_image_new_from_file(in, "access", VIPS_ACCESS_SEQUENTIAL, NULL)) ||
                       vips_resize(t[0], &t[1], 0.5, NULL) || vips_gaussblur(t[1], &t[2], 1.5, NULL) ||
                       vips_gamma(t[2], &t[3], "exponent", 1 / 1.1, NULL) ||
                       vips_colourspace(t[3], &t[4], VIPS_INTERPRETATION_LCH, NULL) ||
                       vips_linear(t[4], &t[5], scale, zero, 3, NULL) ||
                       vips_colourspace(t[5], &t[6], VIPS_INTERPRETATION_sRGB, NULL) ||
                       vips_jpegsave(t[6], out, "Q", 90, NULL);
    for (int i = 0; i < 8; i++)
        if (t[i])
            g_object_unref(t[i]);
    return failed;
}

/* vips_chain OUT CONCURRENCY FILE... */
int main(int argc, char **argv)
{
    char out[4096];
    if (argc < 3 || VIPS_INIT(argv[0]))
        return 2;
    vips_concurrency_set(atoi(argv[2]));
    for (int i = 3; i < argc; i++) {
        const char *slash = strrchr(argv[i], '/');
        snprintf(out, sizeof out, "%s/%s", argv[1], slash ? slash + 1 : argv[i]);
        if (chain(argv[i], out)) {
            fputs(vips_error_buffer(), stderr);
            return 1;
        }
    }
    return 0;
}
