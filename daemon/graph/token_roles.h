/* SPDX-License-Identifier: MIT */
/* graph/token_roles.h: the application permissions in an access token. Pure. */
#pragma once
#include <stdbool.h>

/* Whether the claim `roles` of this token has that permission; false also if the token cannot be read:
 * Entra does not promise its format. */
bool token_has_role(const char *token, const char *role);
