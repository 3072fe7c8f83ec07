// What the rooms that speak gRPC include besides.
#pragma once

#include <grpcpp/grpcpp.h>

#include "precompiled.h"
