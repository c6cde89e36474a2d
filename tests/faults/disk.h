/* SPDX-License-Identifier: MIT */
/* faults/disk.h: a disk for SQLite that fails on demand: the n-th call of the chosen kinds, once or
 * from then on. Everything else goes to the real one. */
#pragma once
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    DISK_WRITE = 1,
    DISK_SYNC = 2,
    DISK_TRUNCATE = 4,
    DISK_OPEN = 8,
    DISK_READ = 16,
    DISK_DELETE = 32,
};
static struct {
    unsigned kinds; /* which calls are counted and may fail */
    int fail_at;    /* the n-th of them; 0: none */
    bool for_good;
    bool torn; /* a write that fails has written its first half */
    int error; /* 0: the usual one of the call */
    int count, failed;
} disk;

static inline void disk_fail_at(unsigned kinds, int n, bool for_good, int error)
{
    disk.kinds = kinds;
    disk.fail_at = n;
    disk.for_good = for_good;
    disk.error = error;
    disk.count = disk.failed = 0;
}

static inline void disk_works(void)
{
    disk.fail_at = 0;
    disk.torn = false;
}

static inline int disk_verdict(unsigned kind, int usual)
{
    if (!(disk.kinds & kind))
        return SQLITE_OK;
    disk.count++;
    if (!disk.fail_at || disk.count < disk.fail_at || (disk.count > disk.fail_at && !disk.for_good))
        return SQLITE_OK;
    disk.failed++;
    return disk.error ? disk.error : usual;
}

struct disk_file {
    sqlite3_file base;
    sqlite3_file *real;
    const char *name; /* SQLite keeps it until the file is closed; NULL: a temporary one */
};
#define REAL(f) (((struct disk_file *)(f))->real)
#define CALL(f, method, ...) REAL(f)->pMethods->method(REAL(f), ##__VA_ARGS__)

static int disk_close(sqlite3_file *f)
{
    return CALL(f, xClose);
}
static int disk_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    int rc = disk_verdict(DISK_READ, SQLITE_IOERR_READ);
    return rc != SQLITE_OK ? rc : CALL(f, xRead, p, n, at);
}
static int disk_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    int rc = disk_verdict(DISK_WRITE, SQLITE_IOERR_WRITE);
    if (rc != SQLITE_OK && disk.torn)
        (void)CALL(f, xWrite, p, n / 2, at);
    return rc != SQLITE_OK ? rc : CALL(f, xWrite, p, n, at);
}
static int disk_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    int rc = disk_verdict(DISK_TRUNCATE, SQLITE_IOERR_TRUNCATE);
    return rc != SQLITE_OK ? rc : CALL(f, xTruncate, size);
}
static int disk_sync(sqlite3_file *f, int flags)
{
    (void)f, (void)flags; /* what a real sync is for, power.h plays; here it would only take time */
    return disk_verdict(DISK_SYNC, SQLITE_IOERR_FSYNC);
}
static int disk_size(sqlite3_file *f, sqlite3_int64 *ret)
{
    return CALL(f, xFileSize, ret);
}
static int disk_lock(sqlite3_file *f, int kind)
{
    return CALL(f, xLock, kind);
}
static int disk_unlock(sqlite3_file *f, int kind)
{
    return CALL(f, xUnlock, kind);
}
static int disk_reserved(sqlite3_file *f, int *ret)
{
    return CALL(f, xCheckReservedLock, ret);
}
static int disk_control(sqlite3_file *f, int op, void *p)
{
    return CALL(f, xFileControl, op, p);
}
static int disk_sector(sqlite3_file *f)
{
    return CALL(f, xSectorSize);
}
static int disk_traits(sqlite3_file *f)
{
    return CALL(f, xDeviceCharacteristics);
}
static int disk_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **ret)
{
    return CALL(f, xShmMap, page, size, extend, ret);
}
static int disk_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    return CALL(f, xShmLock, at, n, flags);
}
static void disk_shm_barrier(sqlite3_file *f)
{
    CALL(f, xShmBarrier);
}
static int disk_shm_unmap(sqlite3_file *f, int delete)
{
    return CALL(f, xShmUnmap, delete);
}

static const sqlite3_io_methods DISK_METHODS = {
    .iVersion = 2,
    .xClose = disk_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_size,
    .xLock = disk_lock,
    .xUnlock = disk_unlock,
    .xCheckReservedLock = disk_reserved,
    .xFileControl = disk_control,
    .xSectorSize = disk_sector,
    .xDeviceCharacteristics = disk_traits,
    .xShmMap = disk_shm_map,
    .xShmLock = disk_shm_lock,
    .xShmBarrier = disk_shm_barrier,
    .xShmUnmap = disk_shm_unmap,
};

static sqlite3_vfs *disk_below;

static int disk_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
    struct disk_file *file = (struct disk_file *)f;
    (void)v;
    file->base.pMethods = NULL;
    file->real = (sqlite3_file *)(file + 1);
    file->name = name;
    int rc = disk_verdict(DISK_OPEN, SQLITE_CANTOPEN);
    if (rc == SQLITE_OK)
        rc = disk_below->xOpen(disk_below, name, file->real, flags, ret_flags);
    if (rc == SQLITE_OK)
        file->base.pMethods = &DISK_METHODS;
    return rc;
}

static int disk_delete(sqlite3_vfs *v, const char *name, int sync_directory)
{
    (void)v;
    int rc = disk_verdict(DISK_DELETE, SQLITE_IOERR_DELETE);
    return rc != SQLITE_OK ? rc : disk_below->xDelete(disk_below, name, sync_directory);
}

/* From here on every database of this process lies on this disk. */
static inline void disk_install(void)
{
    static sqlite3_vfs vfs;
    disk_below = sqlite3_vfs_find(NULL);
    vfs = *disk_below;
    vfs.zName = "disk";
    vfs.pNext = NULL;
    vfs.szOsFile = (int)sizeof(struct disk_file) + disk_below->szOsFile;
    vfs.xOpen = disk_open;
    vfs.xDelete = disk_delete;
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
        abort();
}
