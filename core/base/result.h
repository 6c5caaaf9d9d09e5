#pragma once

#include <optional>
#include <utility>

#include "core/base/check.h"
#include "core/base/status.h"

namespace cairn {

// A value, or the Status that says why there is none. Reading the value of an error is a bug and
// ends the process.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}         // NOLINT: conversion is the point
  Result(Status status) : status_(std::move(status)) {  // NOLINT
    CAIRN_CHECK(!status_.ok(), "a Result without value needs an error");
  }

  bool ok() const { return value_.has_value(); }
  const Status& status() const& { return status_; }
  Status status() && { return std::move(status_); }

  T& value() & {
    CAIRN_CHECK(ok(), status_.what().c_str());
    return *value_;
  }
  const T& value() const& {
    CAIRN_CHECK(ok(), status_.what().c_str());
    return *value_;
  }
  T&& value() && {
    CAIRN_CHECK(ok(), status_.what().c_str());
    return std::move(*value_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace cairn

#define CAIRN_CONCAT_INNER(a, b) a##b
#define CAIRN_CONCAT(a, b) CAIRN_CONCAT_INNER(a, b)

// CAIRN_ASSIGN_OR_RETURN(auto x, Compute());
#define CAIRN_ASSIGN_OR_RETURN(lhs, expr) \
  CAIRN_ASSIGN_OR_RETURN_AT(CAIRN_CONCAT(cairn_result_, __LINE__), lhs, expr)
#define CAIRN_ASSIGN_OR_RETURN_AT(tmp, lhs, expr) \
  auto tmp = (expr);                              \
  if (!tmp.ok()) return std::move(tmp).status();  \
  lhs = std::move(tmp).value()
