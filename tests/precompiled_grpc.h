// What the tests that speak gRPC include besides.
#pragma once

#include "../cmake/precompiled_grpc.h"
#include "precompiled.h"
