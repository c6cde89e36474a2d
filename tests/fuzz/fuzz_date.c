/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz_date.c: whatever is taken for a date prints as one that is read the same. */
#include "base/clock.h"
#include "base/date.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

static void try_dates(const char *text)
{
    usec_t at, again;
    int32_t day, day_again;
    char buf[CLOCK_HUMAN_MAX];
    if (rfc3339_parse(text, &at) == 0) {
        usec_t whole = at - at % USEC_PER_SEC;
        require(rfc3339_parse(rfc3339_print(at, buf), &again) == 0 && again == whole);
        require(date_parse(text, &day) == 0 && (usec_t)day == at / USEC_PER_DAY);
        require(clock_human(at, 0, &(struct zone){-86399, ""}, buf)[0] && clock_human(at, at, &(struct zone){86399, "CEST"}, buf)[0]);
    }
    if (date_parse(text, &day) == 0)
        require(date_parse(date_print(day, buf), &day_again) == 0 && day == day_again);
    if (http_date_parse(text, &at) == 0)
        require(rfc3339_parse(rfc3339_print(at, buf), &again) == 0 && again == at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    require(text);
    memcpy(text, data, size);
    text[size] = '\0';
    try_dates(text);
    free(text);
    return 0;
}
