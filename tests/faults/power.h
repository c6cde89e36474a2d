/* SPDX-License-Identifier: MIT */
/* faults/power.h: a disk for SQLite that forgets what was not synced when its power fails.
 *
 * Every file has an image of what is certainly on the platter; what has been written since its last
 * sync waits beside it, while SQLite sees the file as if all were well. power_fail() makes the
 * files what a disk could have made of them: of the waiting writes any sectors, of the waiting
 * truncations any; a new file or a deletion may be gone unless the directory was synced, which
 * SQLite does with the first sync of a journal or log. Set the moment with power_fails_at(); after
 * it the disk takes nothing more. */
#pragma once
#include "faults/disk.h"
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#define POWER_SECTOR 512
#define POWER_FILES 16 /* the database, its journal and log; again for one that is salvaged */

struct power_change {
    size_t at, len; /* no bytes: the file ends at `at` */
    unsigned char *bytes;
};
static struct {
    struct power_file {
        char name[256];        /* "": free */
        bool there, was_there; /* now; for certain */
        unsigned char *bytes;
        size_t len, room;
        struct power_change *waiting;
        size_t n_waiting, room_waiting;
    } file[POWER_FILES];
    bool lies; /* a sync says that it has worked, and has not been done */
    uint64_t dice;
} power;

static inline unsigned power_roll(unsigned sides)
{
    power.dice ^= power.dice << 13;
    power.dice ^= power.dice >> 7;
    power.dice ^= power.dice << 17;
    return (unsigned)(power.dice >> 33) % sides;
}

static inline void *power_memory(void *p, size_t len)
{
    p = realloc(p, len);
    if (!p)
        abort();
    return p;
}

/* ---- a file ---- */

static void power_resize(struct power_file *f, size_t len)
{
    if (len > f->room || !f->bytes) {
        f->room = 2 * len + (1U << 16);
        f->bytes = power_memory(f->bytes, f->room);
    }
    if (len > f->len)
        memset(f->bytes + f->len, 0, len - f->len);
    f->len = len;
}

static void power_apply(struct power_file *f, size_t at, const void *bytes, size_t len)
{
    if (f->len < at + len)
        power_resize(f, at + len);
    memcpy(f->bytes + at, bytes, len);
}

static void power_read(struct power_file *f)
{
    FILE *in = fopen(f->name, "re");
    power_resize(f, 0);
    f->there = f->was_there = in != NULL;
    static unsigned char part[1 << 16];
    for (size_t n; in && (n = fread(part, 1, sizeof part, in)) > 0;)
        power_apply(f, f->len, part, n);
    if (in)
        (void)fclose(in);
}

static struct power_file *power_file(const char *name)
{
    struct power_file *free_one = NULL;
    for (size_t i = 0; i < POWER_FILES; i++)
        if (strcmp(power.file[i].name, name) == 0)
            return &power.file[i];
        else if (!power.file[i].name[0])
            free_one = &power.file[i];
    assert(free_one && strlen(name) < sizeof free_one->name);
    memcpy(free_one->name, name, strlen(name) + 1);
    power_read(free_one);
    return free_one;
}

static void power_note(struct power_file *f, size_t at, const void *bytes, size_t len)
{
    struct power_change c = {at, len, NULL};
    if (bytes) {
        c.bytes = power_memory(NULL, len);
        memcpy(c.bytes, bytes, len);
    }
    if (f->n_waiting == f->room_waiting) {
        f->room_waiting = 2 * f->room_waiting + 64;
        f->waiting = power_memory(f->waiting, f->room_waiting * sizeof *f->waiting);
    }
    f->waiting[f->n_waiting++] = c;
}

/* Each waiting sector comes to pass with this chance, in percent. */
static void power_settle(struct power_file *f, unsigned chance)
{
    for (size_t i = 0; i < f->n_waiting; i++) {
        struct power_change *c = &f->waiting[i];
        if (!c->bytes && power_roll(100) < chance)
            power_resize(f, c->at);
        for (size_t done = 0, n; c->bytes && done < c->len; done += n) {
            n = POWER_SECTOR - (c->at + done) % POWER_SECTOR;
            n = n < c->len - done ? n : c->len - done;
            if (power_roll(100) < chance)
                power_apply(f, c->at + done, c->bytes + done, n);
        }
        free(c->bytes);
    }
    f->n_waiting = 0;
}

/* ---- what SQLite calls ---- */

/* The call during which the power fails may have had some effect; later ones have none. */
static bool power_was_on(int rc)
{
    return rc == SQLITE_OK || disk.failed == 1;
}

static int power_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    int rc = disk_write(f, p, n, at);
    const char *name = ((struct disk_file *)f)->name;
    if (name && power_was_on(rc))
        power_note(power_file(name), (size_t)at, p, (size_t)n);
    return rc;
}

static int power_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    int rc = disk_truncate(f, size);
    const char *name = ((struct disk_file *)f)->name;
    if (name && power_was_on(rc))
        power_note(power_file(name), (size_t)size, NULL, 0);
    return rc;
}

static int power_sync(sqlite3_file *f, int flags)
{
    int rc = disk_sync(f, flags);
    const char *name = ((struct disk_file *)f)->name;
    if (!name || rc != SQLITE_OK || power.lies)
        return rc;
    struct power_file *file = power_file(name);
    power_settle(file, 100);
    if (!file->was_there && strchr(strrchr(name, '/'), '-')) /* with the directory */
        for (size_t i = 0; i < POWER_FILES; i++)
            power.file[i].was_there = power.file[i].there;
    return rc;
}

static int power_delete(sqlite3_vfs *v, const char *name, int sync_directory)
{
    struct power_file *file = power_file(name);
    int rc = disk_delete(v, name, sync_directory);
    if (rc != SQLITE_OK)
        return rc;
    file->there = false;
    file->was_there = file->was_there && !sync_directory;
    power_note(file, 0, NULL, 0); /* should a new one get its name */
    return rc;
}

static int power_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
    static sqlite3_io_methods methods;
    if (name)
        (void)power_file(name); /* as it is before SQLite makes it */
    int rc = disk_open(v, name, f, flags, ret_flags);
    if (rc != SQLITE_OK)
        return rc;
    if (name)
        power_file(name)->there = true;
    methods = DISK_METHODS;
    methods.xWrite = power_write;
    methods.xTruncate = power_truncate;
    methods.xSync = power_sync;
    f->pMethods = &methods;
    return rc;
}

/* ---- for the test ---- */

static inline void power_install(void)
{
    disk_install();
    sqlite3_vfs *vfs = sqlite3_vfs_find("disk");
    vfs->xOpen = power_open;
    vfs->xDelete = power_delete;
}

/* At the n-th call that changes something, counted from now. */
static inline void power_fails_at(int n, uint64_t seed)
{
    power.dice = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    disk_fail_at(DISK_WRITE | DISK_SYNC | DISK_TRUNCATE | DISK_DELETE, n, true, 0);
}

/* Other files come; what waits is of no interest any more. */
static inline void power_forget(void)
{
    for (size_t i = 0; i < POWER_FILES; i++) {
        struct power_file *f = &power.file[i];
        while (f->n_waiting)
            free(f->waiting[--f->n_waiting].bytes);
        free(f->waiting);
        free(f->bytes);
        *f = (struct power_file){0};
    }
}

/* Everything must be closed. Afterwards the power is back. */
static inline void power_fail(void)
{
    static const unsigned CHANCES[] = {0, 10, 50, 90, 100};
    unsigned chance = CHANCES[power_roll(5)];
    for (size_t i = 0; i < POWER_FILES; i++) {
        struct power_file *f = &power.file[i];
        if (!f->name[0])
            continue;
        power_settle(f, chance);
        bool there = f->there == f->was_there ? f->there : power_roll(2);
        FILE *out = there ? fopen(f->name, "we") : NULL;
        if (out ? fwrite(f->bytes, 1, f->len, out) != f->len || fclose(out) != 0 : there)
            abort();
        if (!there)
            (void)unlink(f->name);
    }
    power_forget();
    disk_works();
}
