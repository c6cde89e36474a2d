/* SPDX-License-Identifier: MIT */
/* peers/outgo.h: how an answer leaves: compressed, late, slowly, cut, or not at all. */
#pragma once
#include "base/failure.h"
#include "peers/answer.h"
#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>

/* Waits that the end of the program cuts short. */
struct pause {
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool ended;
};
void pause_init(struct pause *p);
void pause_end(struct pause *p);                  /* all waits, now and later, are over */
bool pause_for(struct pause *p, usec_t duration); /* false: ended */

/* Replaces the body by its gzip form and says so in the headers. */
void outgo_compress(struct answer *a);
/* The gzip form of `len` bytes at `bytes`, repeated `times` times; into `ret`. */
void outgo_gzip(const void *bytes, size_t len, size_t times, struct text *ret);
/* Hands the answer to libmicrohttpd; the body moves out of it. */
enum MHD_Result outgo_send(struct answer *a, struct MHD_Connection *connection, struct pause *p);
