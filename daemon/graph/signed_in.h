/* SPDX-License-Identifier: MIT */
/* graph/signed_in.h: lets another room send requests to Graph as an application of its own. */
#pragma once
#include "http/signed_in.h"

extern const struct signed_in_functions graph_signed_in;
