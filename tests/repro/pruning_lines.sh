# pruning_lines.sh - tables and plots of pruning.md from the runs of pruning.sh, which reads this file in.
# shellcheck shell=bash disable=SC2154

# ---- figures of single runs ----
# answers NAME: accuracy of held samples before and after, in percent
answers() { awk -F, 'NR > 1 { n++; b += $3 == $2; a += $4 == $2 } END { printf "%.2f %.2f", 100 * b / n, 100 * a / n }' "$out/$1/answers.csv"; }
# row NAME: parameters, MACs (in percent of the first row's) and steps of the result
row() {
    awk -F, 'NR == 2 { p = $3; m = $4 } NR > 1 && $8 == "true" { q = $3; n = $4; s = $1 }
        END { printf "%.2f %.2f %d %.1f %.2f %d", 100 * q / p, 100 * n / m, s, p / q, m / n, q }' "$out/$1/history.csv"
}
# Paired difference in points of the answers of runs A and B (lists of names of equal length, all their samples together):
# mean and half of its 95 % interval
paired() { # A... -- B...
    local a=() b=()
    while [ "$1" != -- ]; do a+=("$out/$1/answers.csv"); shift; done
    shift
    for n in "$@"; do b+=("$out/$n/answers.csv"); done
    paste -d, <(cat "${a[@]}") <(cat "${b[@]}") | awk -F, '$1 != "sample" { n++; d = ($4 == $2) - ($8 == $6); s += d; q += d * d }
        END { m = s / n; printf "%+.2f ± %.2f", 100 * m, 196 * sqrt((q / n - m * m) / n) }'
}
# Spearman's rank correlation of a column of two units.csv; with LAYER, within it
ranked() { # TRUTH COLUMN FILE COLUMN
    paste -d, "$1" "$3" | awk -F, -v a="$2" -v b="$4" 'function rank(v, r, n,  i, j, k, o, t) { for (i = 1; i <= n; i++) o[i] = i
            for (k = int(n / 2); k > 0; k = int(k / 2)) for (i = k + 1; i <= n; i++) for (j = i - k; j > 0 && v[o[j]] > v[o[j + k]]; j -= k) { t = o[j]; o[j] = o[j + k]; o[j + k] = t }
            for (i = 1; i <= n; i = j) { for (j = i; j <= n && v[o[j]] == v[o[i]]; j++); for (k = i; k < j; k++) r[o[k]] = (i + j - 1) / 2 } }
        NR > 1 { n++; x[n] = $a + 0; y[n] = $(5 + b) + 0 }
        END { rank(x, p, n); rank(y, q, n); m = (n + 1) / 2; for (i = 1; i <= n; i++) { c += (p[i] - m) * (q[i] - m); s += (p[i] - m) ^ 2; t += (q[i] - m) ^ 2 }
            printf "%.2f", (s > 0 && t > 0 ? c / sqrt(s * t) : 0) }'
}

# ---- tables ----
tell_ranks() { # NET SEED...
    local net=$1 c u s sum n=0
    shift
    for s in "$@"; do if done_ "ranks-$net-$s-oracle-none"; then n=$((n + 1)); fi; done
    printf '\n%s, %d network(s):\n\n| criterion | none | mean | l2 | max | z | places |\n|---|---|---|---|---|---|---|\n' "$net" $n
    for c in taylor taylor_mean act apoz l1 l1_fanin contrib random; do
        printf '| %s |' $c
        for u in none mean l2 max z places; do
            sum=$(for s in "$@"; do
                done_ "ranks-$net-$s-oracle-none" && done_ "ranks-$net-$s-$c-$u" || continue
                ranked "$out/ranks-$net-$s-oracle-none/units.csv" 3 "$out/ranks-$net-$s-$c-$u/units.csv" 4
                echo
            done | awk '{ s += $1; n++ } END { if (n) printf "%.2f", s / n; else printf "not run" }')
            printf ' %s |' "$sum"
        done
        echo
    done
}

# What went of the planted redundancy: share of the dead among the first so many units that went; widths at the end
tell_planted() {
    local u per s all
    printf '| unbias | per | networks | dead gone first | conv1 (8) | conv2 (16) | branch (1) | conv3 (24) | fc1 (32) | farthest from the truth | parameters left | error |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n'
    for per in unit param mac tuned; do for u in none mean l2 max z places; do
        all=$(for s in 1 2 3; do
            done_ "planted-$s-$u-$per" || continue
            join -t, <(awk -F, 'NR > 1 { print $1 ":" $2 "," $3 }' "$out/planted-$s.csv" | sort -t, -k1,1) \
                <(awk -F, 'NR > 1 && $5 > 0 { print $1 ":" $2 "," $5 }' "$out/planted-$s-$u-$per/units.csv" | sort -t, -k1,1) |
                sort -t, -k3,3n -s | awk -F, '{ n++; at[n] = $3; dead[n] = $2 == "dead"; all += dead[n] }
                    END { last = at[24]; for (i = 1; i <= n; i++) if (dead[i] && at[i] <= last) s++; printf "%d ", s }'
            awk -F, 'NR > 1 && $1 != "sign" && $1 != "fc2" { printf "%d ", $3 }' "$out/planted-$s-$u-$per/widths.csv"
            awk -F, 'NR > 1 { e = $7; p = $3 } END { print p, e }' "$out/planted-$s-$u-$per/history.csv"
        done)
        [ -n "$all" ] || { echo "| $u | $per | not run ||||||||||"; continue; }
        awk -v u=$u -v per=$per '{ n++; for (i = 1; i <= 8; i++) s[i] += $i }
            function off(w, t) { return w > t ? w / t - 1 : 1 - w / t }
            END { for (i = 1; i <= 8; i++) s[i] /= n; w = off(s[2], 8); w = off(s[3], 16) > w ? off(s[3], 16) : w; w = off(s[5], 24) > w ? off(s[5], 24) : w; w = off(s[6], 32) > w ? off(s[6], 32) : w
                printf "| %s | %s | %d | %.0f %% | %.1f | %.1f | %.1f | %.1f | %.1f | %.0f %% | %.0f | %.3f |\n", u, per, n, 100 * s[1] / 24, s[2], s[3], s[4], s[5], s[6], 100 * w, s[7], s[8] }' <<<"$all"
    done; done
}

tell_compare() { # NET SEED...
    local net=$1 m s got others names
    shift
    printf '\n| way | seeds | parameters left | MACs left | accuracy before | after, each seed | this minus global with %s, points |\n|---|---|---|---|---|---|---|\n' "$ours"
    for m in "$ours" $(printf '%s\n' none mean l2 places | grep -vx "$ours") uniform forward redundant random act l1 shot scratch; do
        got=() names=()
        for s in "$@"; do
            if done_ "$net-$s-$m"; then got+=("$net-$s-$m"); if done_ "$net-$s-$ours"; then names+=("$net-$s-$ours"); fi; fi
        done
        if [ ${#got[@]} = 0 ]; then
            case " $ours none mean uniform forward redundant random ${more[$net]:-} shot scratch " in *" $m "*) echo "| ${label[$m]} | not run ||||||" ;; esac
            continue
        fi
        others=$(for s in "${got[@]}"; do [ $m != scratch ] || s=${s%scratch}$ours; echo "$(row "$s") $(answers "${s}")"; done | awk '{ p += $1; m += $2; b += $7; n++ } END { printf "%.2f %% | %.2f %% | %.2f", p / n, m / n, b / n }')
        echo "| ${label[$m]} | ${#got[@]} | $others | $(for s in "${got[@]}"; do answers "$s" | cut -d' ' -f2; done | paste -sd' ') | $([ "$m" = "$ours" ] || [ ${#names[@]} != ${#got[@]} ] || paired "${got[@]}" -- "${names[@]}") |"
    done
}

tell_goals() {
    local net s steps less work kept
    printf '| network | seed | steps | parameters | fewer by | MACs fewer by | widths | accuracy, check: before, after | held: before, after | difference |\n|---|---|---|---|---|---|---|---|---|---|\n'
    for net in glyph lenet resnet vgg; do for s in 1 2 3; do
        done_ "$net-$s-goal" || continue
        read -r _ _ steps less work kept <<<"$(row "$net-$s-goal")"
        awk -F, -v a="| $net | $s | $steps | $kept | $less | $work |" -v h="$(answers "$net-$s-goal")" 'NR == 2 { b = 100 * (1 - $7) } $8 == "true" { w = $9; e = $10; r = 100 * (1 - $7) }
            /the result/ { if (match($0, /error [0-9.e-]+ after/)) r = 100 * (1 - substr($0, RSTART + 6, RLENGTH - 12)) }
            END { split(h, v, " "); printf "%s %s | %.2f, %.2f | %.2f, %.2f |", a, w, b, r, v[1], v[2] }' "$out/$net-$s-goal/history.csv"
        changed "$net-$s-goal"
    done; done
}

tell_fewer() {
    local s x
    printf '| network | seed | fewer by | widths | held: before, after | difference |\n|---|---|---|---|---|---|\n'
    for s in 1 2 3; do for x in 30 80; do
        done_ "lenet-$s-x$x" || continue
        awk -F, -v s="$s" -v h="$(answers "lenet-$s-x$x")" 'NR == 2 { all = $3 } $8 == "true" { p = $3; w = $9 }
            END { split(h, v, " "); printf "| lenet | %d | %.1f | %s | %s, %s |", s, all / p, w, v[1], v[2] }' "$out/lenet-$s-x$x/history.csv"
        changed "lenet-$s-x$x"
    done; done
}
# Paired difference in points of the answers after and before, and half of its 95 % interval, as a cell
changed() { awk -F, '$1 != "sample" { n++; d = ($4 == $2) - ($3 == $2); s += d; q += d * d } END { m = s / n; printf " %+.2f ± %.2f |\n", 100 * m, 196 * sqrt((q / n - m * m) / n) }' "$out/$1/answers.csv"; }

tell_times() {
    local f
    printf '| network | ms before | after | time left | MACs left | time gone / MACs gone |\n|---|---|---|---|---|---|\n'
    for f in "$out"/times-*.csv; do
        [ -s "$f" ] || continue
        f=${f##*/times-}
        paste -d' ' <(cut -d, -f1 "$out/times-${f}" | sort -g | sed -n 4p) <(cut -d, -f2 "$out/times-${f}" | sort -g | sed -n 4p) |
            awk -v name="${f%.csv}" -v r="$(row "${f%.csv}")" '{ split(r, v, " "); if (v[2] < 100) printf "| %s | %.4f | %.4f | %.1f %% | %.1f %% | %.2f |\n", name, $1, $2, 100 * $2 / $1, v[2], (1 - $2 / $1) / (1 - v[2] / 100) }'
    done
}

# Error by parameters left, a line a way
curve() { # NET SEED TITLE
    local m
    done_ "$1-$2-$ours" || return 0
    for m in "$ours" none uniform forward redundant random; do
        done_ "$1-$2-$m" || continue
        awk -F, -v m="${label[$m]// /_}" 'NR == 2 { p = $3 } NR > 1 { print m, 100 * $3 / p, 100 * $7 }' "$out/$1-$2-$m/history.csv"
    done | "$curves" "$3" 'parameters left, %' 'error of the check set, %' log >"$here/$1.svg"
    echo
    echo "![$3](pruning/$1.svg)"
}
