/* SPDX-License-Identifier: MIT */
/* config/files.h: names of files become paths, and what must hold of a file is checked. */
#pragma once
#include "config/walk.h"

#define FILES_PREFIX "secrets_" /* of LoadCredential=secrets:DIRECTORY */

struct file_places {
    const char *directory;   /* of the main file, absolute */
    const char *credentials; /* $CREDENTIALS_DIRECTORY or NULL */
    bool look;               /* false: names become paths, and nothing on disk is touched */
    bool for_service;        /* warn of what the user of the service cannot read */
};
/* Resolves every file key of a section at `base` (groups included) and checks the files. A tenant's
 * names may hold {name}, {tenant_id} and {LABEL}; `tenant` NULL: braces are ordinary. Problems go
 * to the walk with its gravity, at the line of the key or at `otherwise`. */
void files_resolve(struct walk *w, const struct file_places *places, const struct conf_section *s,
                   void *base, const struct tenant_identity *tenant, struct conf_where otherwise,
                   const char *path);
