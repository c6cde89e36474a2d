/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "model/internal.h"
#include "rules/room.h"

static void units_that_are_consumed_or_waited_for_are_no_room(void **state)
{
    static const struct {
        const char *why;
        struct row row;
        int64_t want;
    } CASES[] = {
        {"free", {.id = "p", .sku = E5, .allotted = 100, .consumed = 60, .waiting = 0}, 40},
        {"those who wait are subtracted", {.id = "p", .sku = E5, .allotted = 100, .consumed = 60, .waiting = 30}, 10},
        {"more wait than are free", {.id = "p", .sku = E5, .allotted = 100, .consumed = 60, .waiting = 50}, 0},
        {"over-assigned", {.id = "p", .sku = E5, .allotted = 100, .consumed = 110, .waiting = 0}, 0},
        {"a source without waiting rooms", {.id = "p", .sku = E5, .allotted = 100, .consumed = 60, .waiting = -2}, 40},
        {"units unknown", {.id = "p", .sku = E5, .allotted = UNKNOWN, .consumed = UNKNOWN, .waiting = 0}, NUMBER_UNKNOWN},
        {"waiting members unknown", {.id = "p", .sku = E5, .allotted = 100, .consumed = 60, .waiting = UNKNOWN}, NUMBER_UNKNOWN},
        {"ended", {.id = "p", .sku = E5, .allotted = 100, .consumed = 1, .sub = {{"s", "suspended", 0, 0, false}}}, 0},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct allotment a = an_allotment(&CASES[i].row);
        int64_t room = room_of(&a);
        allotment_clear(&a);
        if (room != CASES[i].want)
            fail_msg("%s: %lld", CASES[i].why, (long long)room);
    }
}

static void known_room_decides_before_unknown_room(void **state)
{
    static const struct {
        const char *why;
        int64_t pool[3];
        size_t n;
        int64_t members;
        enum room_fit want;
    } CASES[] = {
        {"one pool takes them", {5, 0}, 2, 5, ROOM_FITS},
        {"two pools together", {3, 2}, 2, 5, ROOM_FITS},
        {"too few", {3, 1}, 2, 5, ROOM_NO},
        {"enough beside an unknown pool", {5, NUMBER_UNKNOWN}, 2, 5, ROOM_FITS},
        {"too few beside an unknown pool", {4, NUMBER_UNKNOWN}, 2, 5, ROOM_UNKNOWN},
        {"no pools", {0}, 0, 0, ROOM_NO},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct room r = {0};
        for (size_t k = 0; k < CASES[i].n; k++)
            room_add(&r, CASES[i].pool[k]);
        if (room_fits(&r, CASES[i].members) != CASES[i].want)
            fail_msg("%s", CASES[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_that_are_consumed_or_waited_for_are_no_room),
        cmocka_unit_test(known_room_decides_before_unknown_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
