/* symmetric3.c - functions of a symmetric 3x3 matrix by Jacobi's rotations. */
#include "symmetric3.h"
#include <math.h>

int symmetric3_at(int i, int j)
{
    static const int at[3][3] = {{0, 1, 2}, {1, 3, 4}, {2, 4, 5}};
    return at[i][j];
}

double symmetric3_root(double v)
{
    return v > 0 ? sqrt(v) : 0;
}

double symmetric3_inverse(double v)
{
    return v > 1e-150 ? 1 / v : 0;
}

/* Turns the plane p, q so that a[p][q] becomes 0; v gathers the turns. */
static void rotate(double a[3][3], double v[3][3], int p, int q)
{
    if (a[p][q] == 0)
        return;
    const double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    const double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
    const double c = 1 / sqrt(t * t + 1), s = t * c;
    for (int k = 0; k < 3; k++) {
        const double x = a[k][p], y = a[k][q];
        a[k][p] = c * x - s * y, a[k][q] = s * x + c * y;
    }
    for (int k = 0; k < 3; k++) {
        const double x = a[p][k], y = a[q][k], z = v[k][p], w = v[k][q];
        a[p][k] = c * x - s * y, a[q][k] = s * x + c * y;
        v[k][p] = c * z - s * w, v[k][q] = s * z + c * w;
    }
}

void symmetric3_map(const double m[6], double (*f)(double), double out[6])
{
    double a[3][3], v[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            a[i][j] = m[symmetric3_at(i, j)];
    for (int sweep = 0; sweep < 12; sweep++) /* quadratic: 12 are plenty */
        rotate(a, v, 0, 1), rotate(a, v, 0, 2), rotate(a, v, 1, 2);
    const double d[3] = {f(a[0][0]), f(a[1][1]), f(a[2][2])};
    for (int i = 0; i < 3; i++)
        for (int j = i; j < 3; j++)
            out[symmetric3_at(i, j)] = v[i][0] * d[0] * v[j][0] + v[i][1] * d[1] * v[j][1]
                                     + v[i][2] * d[2] * v[j][2];
}

void symmetric3_around(const double b[6], const double m[6], double out[6])
{
    for (int i = 0; i < 3; i++)
        for (int j = i; j < 3; j++) {
            double sum = 0;
            for (int k = 0; k < 3; k++)
                for (int l = 0; l < 3; l++)
                    sum += b[symmetric3_at(i, k)] * m[symmetric3_at(k, l)] * b[symmetric3_at(l, j)];
            out[symmetric3_at(i, j)] = sum;
        }
}

double symmetric3_form(const double m[6], const double v[3])
{
    double sum = 0;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            sum += v[i] * v[j] * m[symmetric3_at(i, j)];
    return sum;
}
