/* SPDX-License-Identifier: MIT */
/* base/guid.h: recognises GUIDs. They are lower-cased when read, so that ids compare as bytes. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define GUID_LENGTH 36
bool guid_is(const char *text); /* 8-4-4-4-12 hexadecimal digits and nothing else */
/* In place, if it is a GUID; anything else and NULL stay unchanged. */
void guid_lower(char *text);
void ascii_lower(char *text); /* in place; NULL is fine */
