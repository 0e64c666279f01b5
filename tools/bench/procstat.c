// SPDX-License-Identifier: Apache-2.0
#include "procstat.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MAX_PROCESSES = 64, MAX_PATH = 320, MAX_LINE = 1024 };

static int processes[MAX_PROCESSES];
static int process_count;

// The fields of /proc/PID/stat after the command's name, which may hold anything.
static bool
read_stat(int pid, char line[MAX_LINE], const char **fields)
{
    char path[MAX_PATH];
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE *f = fopen(path, "r");
    if (!f) {
        return false;
    }
    size_t n = fread(line, 1, MAX_LINE - 1, f);
    fclose(f);
    line[n] = 0;
    char *name_end = strrchr(line, ')');
    *fields = name_end ? name_end + 1 : NULL;
    return name_end != NULL;
}

static int
parent_of(int pid)
{
    char line[MAX_LINE];
    const char *fields;
    char state;
    int parent;
    if (!read_stat(pid, line, &fields) ||
        sscanf(fields, " %c %d", &state, &parent) != 2) {
        return -1;
    }
    return parent;
}

static bool
is_known(int pid)
{
    for (int i = 0; i < process_count; i++) {
        if (processes[i] == pid) {
            return true;
        }
    }
    return false;
}

static bool
add_process(int pid)
{
    if (is_known(pid) || process_count == MAX_PROCESSES) {
        return false;
    }
    processes[process_count++] = pid;
    return true;
}

static bool
add_children(void)
{
    bool added = false;
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        int pid = atoi(entry->d_name);
        if (pid > 0 && is_known(parent_of(pid))) {
            added |= add_process(pid);
        }
    }
    if (dir) {
        closedir(dir);
    }
    return added;
}

void
bc_procstat_set_server(const char *pids)
{
    const char *p = pids;
    while (*p) {
        char *end;
        long pid = strtol(p, &end, 10);
        if (end == p || pid <= 0 || (*end && *end != ',') || parent_of((int)pid) < 0) {
            bc_die("no such process: %s", p);
        }
        add_process((int)pid);
        p = *end ? end + 1 : end;
    }
    while (add_children()) {
    }
}

bool
bc_procstat_has_server(void)
{
    return process_count > 0;
}

static int64_t
exact_cpu_ns(int pid)
{
    char path[MAX_PATH];
    int64_t sum = 0;
    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    DIR *dir = opendir(path);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        unsigned long long ns;
        if (!isdigit((unsigned char)entry->d_name[0])) {
            continue;
        }
        snprintf(path, sizeof(path), "/proc/%d/task/%.16s/schedstat", pid, entry->d_name);
        FILE *f = fopen(path, "r");
        if (f) {
            sum += fscanf(f, "%llu", &ns) == 1 ? (int64_t)ns : 0;
            fclose(f);
        }
    }
    if (dir) {
        closedir(dir);
    }
    return sum;
}

// utime + stime cover all threads, living and gone, but in ticks of 10 ms; the
// scheduler's nanoseconds exist per living thread. The larger is exact while no thread
// has ended.
static int64_t
cpu_ns(int pid)
{
    char line[MAX_LINE];
    const char *fields;
    unsigned long long user, system;
    if (!read_stat(pid, line, &fields) ||
        sscanf(fields, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
               &system) != 2) {
        return 0;
    }
    int64_t tick_ns = BC_NS_PER_S / sysconf(_SC_CLK_TCK);
    return bc_max64((int64_t)(user + system) * tick_ns, exact_cpu_ns(pid));
}

static double
rss_kb(int pid)
{
    char path[MAX_PATH];
    unsigned long size;
    unsigned long resident = 0;
    snprintf(path, sizeof(path), "/proc/%d/statm", pid);
    FILE *f = fopen(path, "r");
    if (!f) {
        return 0;
    }
    if (fscanf(f, "%lu %lu", &size, &resident) != 2) {
        resident = 0;
    }
    fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1024;
}

int
bc_procstat_core_count(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > BC_MAX_CORES ? BC_MAX_CORES : (int)n;
}

// cpuN user nice system idle iowait irq softirq steal …
static void
read_cores(struct bc_proc_sample *s)
{
    char line[MAX_LINE];
    FILE *f = fopen("/proc/stat", "r");
    while (f && fgets(line, sizeof(line), f)) {
        unsigned long long v[8];
        int core;
        if (!isdigit((unsigned char)line[3]) ||
            sscanf(line, "cpu%d %llu %llu %llu %llu %llu %llu %llu %llu", &core, v, v + 1,
                   v + 2, v + 3, v + 4, v + 5, v + 6, v + 7) != 9 ||
            core < 0 || core >= BC_MAX_CORES) {
            continue;
        }
        struct bc_core_ticks *c = &s->cores[core];
        c->total = 0;
        for (size_t i = 0; i < BC_ARRAY_LEN(v); i++) {
            c->total += v[i];
        }
        c->steal = v[7];
        c->busy = c->total - v[3] - v[4] - v[7];
    }
    if (f) {
        fclose(f);
    }
}

int64_t
bc_procstat_self_cpu_ns(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * BC_NS_PER_S +
           (r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1000LL;
}

void
bc_procstat_read(struct bc_proc_sample *s)
{
    memset(s, 0, sizeof(*s));
    for (int i = 0; i < process_count; i++) {
        s->server_cpu_ns += cpu_ns(processes[i]);
        s->server_rss_kb += rss_kb(processes[i]);
    }
    s->time_ns = bc_now_ns();
    s->self_cpu_ns = bc_procstat_self_cpu_ns();
    read_cores(s);
}
