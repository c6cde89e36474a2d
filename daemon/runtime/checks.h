/* SPDX-License-Identifier: MIT */
/* runtime/checks.h: --check-config, --dump-config, --check-access, --test-receiver. Each returns the exit code. */
#pragma once
struct cli;

int checks_config(const struct cli *cli);
int checks_dump(const struct cli *cli);
int checks_access(const struct cli *cli);
int checks_receiver(const struct cli *cli);
