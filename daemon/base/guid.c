/* SPDX-License-Identifier: MIT */
/* base/guid.c: recognises GUIDs and converts them to lower case. */
#include "base/guid.h"

#include "base/ascii.h"
#include <string.h>

bool guid_is(const char *text)
{
    if (strlen(text) != GUID_LENGTH)
        return false;
    for (size_t i = 0; i < GUID_LENGTH; i++) {
        char c = text[i];
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool hex = ascii_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (dash ? c != '-' : !hex)
            return false;
    }
    return true;
}

void ascii_lower(char *text)
{
    for (; text && *text; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
}

void guid_lower(char *text)
{
    if (text && guid_is(text))
        ascii_lower(text);
}
