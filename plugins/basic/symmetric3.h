/* symmetric3.h - symmetric 3x3 matrices in double, kept as xx xy xz yy yz zz. */
#ifndef SYMMETRIC3_H
#define SYMMETRIC3_H

int symmetric3_at(int i, int j); /* where entry i, j is */
/* out = V f(D) V' of m = V D V'; out may be m. */
void symmetric3_map(const double m[6], double (*f)(double), double out[6]);
/* out = b m b, made symmetric; none overlap. */
void symmetric3_around(const double b[6], const double m[6], double out[6]);
double symmetric3_form(const double m[6], const double v[3]); /* v' m v */
double symmetric3_root(double);    /* of a number that rounding may have made negative */
double symmetric3_inverse(double); /* 0 of what is hardly above 0 */
#endif
