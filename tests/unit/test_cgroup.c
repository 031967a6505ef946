/* test_cgroup.c - limits of control groups, from files as Linux writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "../../host/cgroup.h"

static char root[64];

static void put(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *at = path + strlen(root) + 1; (at = strchr(at, '/')); at++) {
        *at = 0;
        (void)mkdir(path, 0700);
        *at = '/';
    }
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}
static int begin(void **state)
{
    (void)state;
    strcpy(root, "/tmp/cgroup-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}
static int end(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}

static void version_2_with_groups_above(void **state)
{
    (void)state;
    put("proc/self/cgroup", "0::/batch/job\n");
    put("sys/fs/cgroup/batch/job/cpu.max", "max 100000\n");
    put("sys/fs/cgroup/batch/cpu.max", "150000 100000\n");
    put("sys/fs/cgroup/batch/job/memory.max", "2147483648\n");
    put("sys/fs/cgroup/batch/memory.max", "max\n");
    assert_true(cgroup_processors(root) == 1.5);
    assert_int_equal(cgroup_memory(root), 2147483648u);
    put("sys/fs/cgroup/batch/memory.max", "1073741824\n");
    assert_int_equal(cgroup_memory(root), 1073741824u);
}
static void version_1(void **state)
{
    (void)state;
    put("proc/self/cgroup", "5:memory:/c\n4:cpuset:/x\n3:cpu,cpuacct:/c\n");
    put("sys/fs/cgroup/cpu/c/cpu.cfs_quota_us", "50000\n");
    put("sys/fs/cgroup/cpu/c/cpu.cfs_period_us", "100000\n");
    put("sys/fs/cgroup/memory/c/memory.limit_in_bytes", "536870912\n");
    put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"); /* none */
    assert_true(cgroup_processors(root) == 0.5);
    assert_int_equal(cgroup_memory(root), 536870912u);
    put("sys/fs/cgroup/cpu/c/cpu.cfs_quota_us", "-1\n");
    assert_true(cgroup_processors(root) == 0);
}
static void no_limits_and_nonsense(void **state)
{
    (void)state;
    assert_true(cgroup_processors(root) == 0);
    assert_int_equal(cgroup_memory(root), 0);
    put("proc/self/cgroup", "0::/a\nnonsense\n1:cpux:/a\n");
    put("sys/fs/cgroup/a/cpu.max", "what\n");
    put("sys/fs/cgroup/a/memory.max", "");
    assert_true(cgroup_processors(root) == 0);
    assert_int_equal(cgroup_memory(root), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(version_2_with_groups_above, begin, end),
        cmocka_unit_test_setup_teardown(version_1, begin, end),
        cmocka_unit_test_setup_teardown(no_limits_and_nonsense, begin, end),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
