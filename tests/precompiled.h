// What nearly every test includes.
#pragma once

#include "catch.h"

#include "../cmake/precompiled.h"
