#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "protocol/messages/job.h"

namespace cairn {

// Reads the hyper-parameters of a model one by one, with ranges and defaults, then refuses what is
// left over and suggests the nearest known name.
//
//   HyperReader hyper(model);
//   const std::int64_t inputs = hyper.Integer("inputs", {.min = 1, .max = 1 << 20});
//   const bool bias = hyper.Integer("bias", {.min = 0, .max = 1, .standard = 1}) != 0;
//   CAIRN_RETURN_IF_ERROR(hyper.Finish());
//
// The first error is kept and returned by Finish (kModelConfig); until then readers return values
// inside the range, so the code between needs no checks.
class HyperReader {
 public:
  struct IntegerRange {
    std::int64_t min = 0, max = 0;
    std::int64_t standard = kRequired;
  };
  static constexpr std::int64_t kRequired = -1;

  explicit HyperReader(const ModelConfig& model) : model_(model) {}

  std::int64_t Integer(const std::string& name, IntegerRange range);
  double Fraction(const std::string& name, double standard);  // [0, 1)
  std::string Word(const std::string& name, const std::string& standard,
                   const std::vector<std::string>& choices);
  // Between min_items and max_items integers, each in [1, max].
  std::vector<std::int64_t> Sizes(const std::string& name, std::vector<std::int64_t> standard,
                                  std::size_t min_items, std::size_t max_items, std::int64_t max);

  Status Finish();

 private:
  const HyperValue* Find(const std::string& name);
  void Fail(const std::string& name, const std::string& expected);

  const ModelConfig& model_;
  std::vector<std::string> known_;
  Status first_error_;
};

}  // namespace cairn
